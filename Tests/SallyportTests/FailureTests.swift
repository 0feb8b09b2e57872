import Proxy
import Testing

@testable import sallyport

@Suite("What ends a command is said in words")
struct FailureTests {
    @Test func `a port that is taken is named`() {
        let failure = CommandFailure(DataPlaneError.cannotBind(host: "127.0.0.1", port: 7422) as any Error)
        #expect(failure.code == .unavailable)
        #expect(failure.description.contains("127.0.0.1 port 7422"))
    }

    @Test(arguments: ["24h", "86400s"])
    func `a wait may last a day`(_ text: String) throws {
        #expect(try Settings(values: ["timeouts.idle": text]).duration("timeouts.idle") == .seconds(86_400))
    }

    @Test(arguments: ["25h", "86401s", "1000000000h"])
    func `and no longer, for no timer could count it`(_ text: String) {
        #expect(throws: SettingsError.self) { try Settings(values: ["timeouts.idle": text]) }
    }
}
