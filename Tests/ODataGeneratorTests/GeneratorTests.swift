import ODataGenerator
import Testing

@testable import OData

@Suite("Generated code")
struct GeneratorTests {
    @Test func `the same document gives the same bytes`() throws {
        let metadata = try GeneratorSamples.metadata("v4/sdMeta.xml")
        let options = GeneratorOptions(serviceName: "Sales")
        let first = try Generator(metadata: metadata, options: options).files()
        let again = try Generator(
            metadata: try GeneratorSamples.metadata("v4/sdMeta.xml"), options: options
        ).files()
        #expect(first == again)
        #expect(first.count > 20)
        #expect(first.map(\.name) == first.map(\.name).sorted())
    }

    @Test func `file names differ in more than case`() throws {
        let types = ["Order", "ORDER", "order"].map { GeneratorSamples.entity($0) }
        let names = try GeneratorSamples.files(GeneratorSamples.metadata(types)).keys
        #expect(Set(names.map { $0.lowercased() }).count == 4)
    }

    @Test func `only the chosen sets are generated, and navigations to others are untyped`() throws {
        let metadata = try GeneratorSamples.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        let files = try GeneratorSamples.files(
            metadata, GeneratorOptions(serviceName: "Status", entitySets: ["ProcessingStatus"]))
        #expect(files.keys.sorted() == ["ProcessingStatus.swift", "StatusService.swift"])
        #expect(files["ProcessingStatus.swift"]?.contains("var processingStatusTextNavigation: [Entity]?") == true)
    }

    @Test func `a set that the service doesn't have is an error`() throws {
        let metadata = GeneratorSamples.metadata([GeneratorSamples.entity("Order")])
        #expect(throws: GeneratorError.unknownEntitySet("Orders")) {
            try Generator(metadata: metadata, options: GeneratorOptions(serviceName: "S", entitySets: ["Orders"]))
        }
        #expect(throws: GeneratorError.invalidName("?!")) {
            try Generator(metadata: metadata, options: GeneratorOptions(serviceName: "?!"))
        }
        var options = GeneratorOptions(serviceName: "S")
        options.typePrefix = "1"
        #expect(throws: GeneratorError.invalidName("1")) { try Generator(metadata: metadata, options: options) }
    }

    @Test func `prefix and access level stand in front of everything`() throws {
        var options = GeneratorOptions(serviceName: "Sample")
        options.typePrefix = "SD"
        options.accessLevel = .package
        let metadata = GeneratorSamples.metadata([
            GeneratorSamples.entity("Order", key: ["ID"], [GeneratorSamples.text("ID")])
        ])
        let text = try #require(try GeneratorSamples.files(metadata, options)["SDOrder.swift"])
        #expect(text.contains("package import OData\n"))
        #expect(text.contains("package struct SDOrder: ODataEntity {"))
        #expect(!text.contains("public "))
        options.accessLevel = .internal
        let plain = try #require(try GeneratorSamples.files(metadata, options)["SDOrder.swift"])
        #expect(plain.contains("\nimport OData\n"))
        #expect(plain.contains("\nstruct SDOrder: ODataEntity {"))
    }

    @Test func `names of the document can't leave their literal or comment`() throws {
        let evil = "x\"; } }\nstruct Evil {} /* \\(evil()) \u{202E} `` */ //\u{2028}struct Evil2 {}"
        var type = GeneratorSamples.entity(evil, key: [evil], [GeneratorSamples.text(evil)])
        type.properties[0].sap = SAPAttributes([.init("label", evil), .init("text", evil), .init("unit", evil)])
        type.sap = SAPAttributes([.init("label", evil)])
        var action = Operation(kind: .action, name: QualifiedName("S", evil))
        action.parameters = [.init(name: evil, type: .primitive(.string))]
        var enumeration = EnumerationType(name: QualifiedName(evil, "E"))
        enumeration.members = [.init(name: evil, value: 0)]
        type.properties.append(Property(name: "e", type: TypeReference(.named(enumeration.name))))
        let metadata = GeneratorSamples.metadata([type]) { parts in
            parts.operations[action.name] = [action]
            parts.enumerationTypes[enumeration.name] = enumeration
            parts.container.operationImports = [OperationImport(kind: .action, name: evil, operation: action.name)]
        }
        let files = try GeneratorSamples.files(metadata, GeneratorOptions(serviceName: evil))
        #expect(files.count == 3)
        for text in files.values {
            for line in text.split(whereSeparator: \.isNewline) {
                let code = line.drop { $0 == " " }
                #expect(!code.hasPrefix("struct Evil"), "\(line)")
                guard !code.hasPrefix("//") else { continue }
                // Outside of literals there is nothing of it but the identifier.
                #expect(!Self.withoutLiterals(code).contains("evil()"), "\(line)")
                #expect(!code.replacing("\\\\", with: "").contains("\\("), "\(line)")
            }
            #expect(!text.unicodeScalars.contains { ["\u{202E}", "\u{2028}"].contains($0) })
        }
    }

    /// Code with its string literals taken out, as the compiler reads them.
    private static func withoutLiterals(_ line: Substring) -> String {
        var (result, isInside, isEscaped) = ("", false, false)
        for character in line {
            if isInside {
                if character == "\"" && !isEscaped { isInside = false }
                isEscaped = character == "\\" && !isEscaped
            } else if character == "\"" {
                isInside = true
            } else {
                result.append(character)
            }
        }
        return result
    }

    @Test func `members that Swift or the protocol has already get another name`() throws {
        let names = [
            "Entity", "Key", "Etag", "EntitySetName", "TypeName", "Self", "Init", "Default", "In", "HashValue",
        ]
        let type = GeneratorSamples.entity("Order", key: ["Key"], names.map { GeneratorSamples.text($0) })
        let text = try #require(try GeneratorSamples.files(GeneratorSamples.metadata([type]))["Order.swift"])
        for name in [
            "entityProperty", "keyProperty", "etagProperty", "selfProperty", "initProperty", "`default`", "`in`",
        ] {
            #expect(text.contains("public var \(name): String? {"), "\(name)")
        }
    }

    @Test func `types that the code itself speaks of get another name`() throws {
        let types = ["String", "Entity", "Query", "SampleService"].map { GeneratorSamples.entity($0) }
        let names = try GeneratorSamples.files(GeneratorSamples.metadata(types)).keys.sorted()
        #expect(
            names == [
                "EntityType.swift", "QueryType.swift", "SampleService.swift", "SampleServiceType.swift",
                "StringType.swift",
            ])
    }

    @Test func `property and navigation of one name are two members`() throws {
        let metadata = try GeneratorSamples.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        let text = try #require(try GeneratorSamples.files(metadata)["ProcessingStatus.swift"])
        #expect(text.contains("public var processingStatusText: String? {"))
        #expect(text.contains("public var processingStatusTextNavigation: [ProcessingStatusText]? {"))
    }

    @Test func `comments tell label, length, unit and text`() throws {
        var amount = Property(name: "Amount", type: .primitive(.decimal))
        amount.type.precision = 15
        amount.type.scale = .fixed(2)
        amount.sap = SAPAttributes([.init("label", "Net\nAmount"), .init("unit", "Currency")])
        var plant = GeneratorSamples.text("Plant")
        plant.type.maxLength = 1
        plant.sap = SAPAttributes([
            .init("label", "Plant"), .init("text", "PlantName"), .init("creatable", "false"),
            .init("updatable", "false"),
        ])
        var currency = GeneratorSamples.text("Currency")
        currency.sap = SAPAttributes([.init("semantics", "currency-code")])
        let type = GeneratorSamples.entity("Order", key: ["Plant"], [amount, plant, currency])
        let metadata = GeneratorSamples.metadata([type], version: .v2)
        let text = try #require(try GeneratorSamples.files(metadata)["Order.swift"])
        #expect(
            text.contains(
                "    /// Net Amount\n    ///\n    /// 15 digits, 2 after the point; currency in `Currency`.\n"))
        #expect(text.contains("    /// Key; at most 1 character; text in `PlantName`; read only.\n"))
    }

    @Test func `inherited properties and keys are there, and subtypes are found`() throws {
        var base = GeneratorSamples.entity("Base", key: ["ID"], [GeneratorSamples.text("ID")])
        base.isAbstract = true
        var child = GeneratorSamples.entity("Child", [GeneratorSamples.text("Name")])
        child.baseType = base.name
        let metadata = GeneratorSamples.metadata([base]) { parts in parts.structuredTypes[child.name] = child }
        let text = try #require(try GeneratorSamples.files(metadata)["Child.swift"])
        #expect(text.contains("public var id: String? {"))
        #expect(text.contains("public init(id: String) {"))
        #expect(text.contains("Entities without a set of their own"))
    }

    @Test func `a graph of types that lead to each other ends`() throws {
        let types = (0..<200).map { number in
            var type = GeneratorSamples.entity("T\(number)")
            type.navigationProperties = (0..<200).map {
                NavigationProperty(name: "n\($0)", target: GeneratorSamples.name("T\($0)"), isCollection: true)
            }
            return type
        }
        #expect(try GeneratorSamples.files(GeneratorSamples.metadata(types)).count == 201)
    }
}
