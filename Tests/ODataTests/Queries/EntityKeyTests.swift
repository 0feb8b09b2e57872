@testable import OData
import Testing

@Suite("Keys of entities")
struct EntityKeyTests {
    @Test func `a key is written and read`() throws {
        let key = EntityKey(["Material": "O'Neil/1", "Plant": "", "Number": 5])
        #expect(try key.text(.v2) == "(Material='O''Neil/1',Plant='',Number=5)")
        #expect(try EntityKey(parsing: key.text(.v2), version: .v2) == key)
        #expect(try EntityKey(parsing: "'x'", version: .v4) == EntityKey("x"))
    }

    @Test func `eleven key parts, most of them empty, come back`() throws {
        let names = [
            "Material", "Plant", "StorageLocation", "Batch", "Supplier", "Customer", "WBSElementInternalID",
            "SDDocument", "SDDocumentItem",
            "InventorySpecialStockType", "InventoryStockType",
        ]
        let key = EntityKey(names.map { EntityKey.Part($0, .string($0 == "Material" ? "TG11" : "")) })
        let url = try Query("A_MatlStkInAcctMod").key(key).encoded(.v2).relativeURL
        #expect(try Query(parsing: url, version: .v2).path.lastKey == key)
    }

    @Test(arguments: [
        "", "()", "(1,2)", "('x)", "(A=)", "(A=1,B)", "(null)", "(A=null)", "(@p)", "(A)", "(1)(2)", "(A eq 1)",
        "(A=1;B=2)", "[1]",
    ])
    func `what is no key isn't read`(_ text: String) {
        #expect(throws: QueryError.self) { try EntityKey(parsing: text, version: .v4) }
    }

    private var metadata: Metadata {
        var parts = MetadataParts()
        var type = StructuredType(kind: .entity, name: QualifiedName("ns", "T"))
        type.key = [KeyProperty("Digits"), KeyProperty("Upper"), KeyProperty("Plain")]
        var digits = Property(name: "Digits", type: .primitive(.string))
        digits.sap = SAPAttributes([.init("display-format", "NonNegative")])
        var upper = Property(name: "Upper", type: .primitive(.string))
        upper.annotations = [
            Annotation(term: QualifiedName("com.sap.vocabularies.Common.v1", "IsUpperCase"), value: .boolean(true))
        ]
        type.properties = [digits, upper, Property(name: "Plain", type: .primitive(.string))]
        parts.structuredTypes[type.name] = type
        return Metadata(parts)
    }

    @Test func `pitfall 22: leading zeros make no difference where the metadata says so`() throws {
        let name = QualifiedName("ns", "T")
        func key(_ digits: String, _ upper: String = "A", _ plain: String = "x") -> EntityKey {
            EntityKey(["Digits": .string(digits), "Upper": .string(upper), "Plain": .string(plain)])
        }
        #expect(key("1000001").isSame(as: key("0001000001"), of: name, in: metadata))
        #expect(key("0").isSame(as: key("0000"), of: name, in: metadata))
        #expect(!key("00X1").isSame(as: key("X1"), of: name, in: metadata))
        #expect(key("1", "ab").isSame(as: key("1", "AB"), of: name, in: metadata))
        #expect(!key("1", "A", "01").isSame(as: key("1", "A", "1"), of: name, in: metadata))
        #expect(key("1", "A", "x ").isSame(as: key("1", "A", "x"), of: name, in: metadata))
        #expect(!key("1", "A", " x").isSame(as: key("1", "A", "x"), of: name, in: metadata))
        let turned = EntityKey(["Plain": "x", "Digits": "01", "Upper": "A"])
        #expect(turned.isSame(as: key("1"), of: name, in: metadata))
        // What is sent is the key as it came.
        #expect(try key("0001000001").text(.v2) == "(Digits='0001000001',Upper='A',Plain='x')")
    }

    @Test func `pitfall 22: without metadata keys are equal as texts alone`() {
        #expect(EntityKey("0001000001") != EntityKey("1000001"))
        #expect(!EntityKey("01").isSame(as: EntityKey("1"), of: QualifiedName("no", "T"), in: metadata))
    }
}
