import Testing

@testable import OData

@Suite("Models written as CSDL JSON and read again")
struct CSDLJSONRoundTripTests {
    @Test(arguments: 0..<20)
    func `ten random models of a seed come back the same`(seed: Int) throws {
        for number in 0..<10 {
            var generator = ModelGenerator(seed: UInt64(seed * 1_000 + number))
            let parts = generator.parts()
            var printer = ModelCSDLPrinter(seed: UInt64(number))
            let text = printer.print(parts)
            let read = try Metadata(csdlJSON: text)
            #expect(
                read.isEqual(to: Metadata(parts)),
                "seed \(seed * 1_000 + number), \(ModelDifference.first(read.parts, parts))")
        }
    }

    @Test(arguments: 0..<8)
    func `a text cut off or with one byte changed is an error or a model, never a crash`(seed: Int) throws {
        var random = ModelRandom(seed: UInt64(seed))
        var generator = ModelGenerator(seed: UInt64(seed))
        var printer = ModelCSDLPrinter(seed: UInt64(seed))
        let text = printer.print(generator.parts())
        for _ in 0..<60 {
            var broken = text
            if random.flip() {
                broken.removeLast(random.below(broken.count))
            } else {
                broken[random.below(broken.count)] = random.pick(Array("{}[]\",:$@#01x\\".utf8))
            }
            do { _ = try Metadata(csdlJSON: broken) } catch { #expect(error.line > 0 && error.column > 0) }
        }
    }
}
