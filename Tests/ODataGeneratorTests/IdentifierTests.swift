import Testing

@testable import ODataGenerator

@Suite("Swift's names for a document's")
struct IdentifierTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let identifier: String

        init(_ name: String, _ identifier: String) { (self.name, self.identifier) = (name, identifier) }

        var testDescription: String { name }
    }

    @Test(arguments: [
        Case("SalesOrganization", "salesOrganization"), Case("ID", "id"),
        Case("WBSElementInternalID", "wbsElementInternalID"),
        Case("to_Address", "toAddress"), Case("_ProcessingStatusText", "processingStatusText"), Case("ETag", "eTag"),
        Case("YY1_Field_SDH", "yy1FieldSDH"), Case("PLANT_NAME", "plantName"), Case("PLANT", "plant"), Case("a", "a"),
        Case("SAP__Messages", "sapMessages"), Case("0815", "_0815"), Case("1_2", "_12"), Case("Größe", "größe"),
        Case("Ünit", "ünit"), Case("価格", "価格"), Case("", "unnamed"), Case("__", "unnamed"), Case("💰", "unnamed"),
        Case("a b-c.d", "aBCD"), Case("x\u{202E}y\u{200B}z", "xYZ"), Case("\"; evil()", "evil"), Case("\\(x)\n", "x"),
    ])
    func `properties begin small`(_ sample: Case) {
        #expect(SwiftIdentifier.member(sample.name) == sample.identifier)
    }

    @Test(arguments: [
        Case("A_CustomerMaterialType", "CustomerMaterial"), Case("ProcessingStatusType", "ProcessingStatus"),
        Case("Type", "Type"), Case("SALES_ORDER", "SalesOrder"), Case("salesOrder", "SalesOrder"), Case("BUPA", "BUPA"),
        Case("A_Type", "A"), Case("a_type", "AType"), Case("I_Plant_Type", "IPlant"), Case("123", "_123"),
        Case("", "Unnamed"),
        Case("ß", "SS"),
    ])
    func `types begin with a capital`(_ sample: Case) {
        #expect(SwiftIdentifier.type(sample.name) == sample.identifier)
    }

    @Test func `words of the language get backticks`() {
        #expect(SwiftIdentifier.escaped("default") == "`default`")
        #expect(SwiftIdentifier.escaped("city") == "city")
    }

    @Test func `a name that is taken gets a word, then numbers`() {
        var scope = NameScope(reserved: ["entity"])
        let names = (0..<3).map { _ in scope.unused("entity", suffix: "Property") }
        #expect(names == ["entityProperty", "entityProperty2", "entityProperty3"])
        var files = NameScope(ignoringCase: true)
        #expect(files.unused("Order", suffix: "Type") == "Order")
        #expect(files.unused("ORDER", suffix: "Type") == "ORDERType")
    }

    @Test func `any name gives an identifier, and never a character that isn't a letter, a digit or a mark`() {
        for value in stride(from: UInt32(1), through: 0xFFFF, by: 3) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for name in [SwiftIdentifier.member("x\(scalar)"), SwiftIdentifier.type("\(scalar)")] {
                let isClean = name.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isXIDContinue }
                let isStarted = name.unicodeScalars.first.map { $0 == "_" || $0.properties.isXIDStart } ?? false
                if !isClean || !isStarted { Issue.record("U+\(String(value, radix: 16)): \(name)") }
            }
        }
    }
}
