import Testing

@testable import OData

@Suite("Reading CSDL JSON 4.01")
struct CSDLJSONReadingTests {
    /// A service in the notation's shortest forms, with an alias that is declared behind its use.
    static let document = """
        {
          "$Version": "4.01",
          "$EntityContainer": "org.example.Shop",
          "$Reference": {
            "https://host/Core.json": {
              "$Include": [{"$Namespace": "Org.OData.Core.V1", "$Alias": "Core", "@Core.Description#Include": "x"}],
              "$IncludeAnnotations": [{"$TermNamespace": "org.example.hcm", "$Qualifier": "Tablet"}]
            }
          },
          "org.example": {
            "Product": {
              "$Kind": "EntityType", "$HasStream": true, "$Key": ["ID", {"CategoryID": "Category/ID"}],
              "@Core.Description": "A product", "@Core.Description@Core.IsLanguageDependent": true,
              "ID": {},
              "Price": {"$Type": "Edm.Decimal", "$Nullable": true, "$Precision": 15, "$Scale": 2},
              "Weight": {"$Type": "Edm.Decimal"},
              "Created": {"$Type": "Edm.DateTimeOffset", "$Precision": 3, "$DefaultValue": "2000-01-01T00:00:00Z"},
              "Tags": {"$Collection": true, "$MaxLength": 20, "$Unicode": false},
              "Color": {"$Type": "self.Color", "$DefaultValue": "Red"},
              "Free": {"$Type": "Edm.Untyped", "$Nullable": true},
              "Category": {
                "$Kind": "NavigationProperty", "$Type": "self.Category", "$Partner": "Products", "$Nullable": true,
                "$ReferentialConstraint": {"CategoryID": "ID", "CategoryID@Core.Description": "why"},
                "$OnDelete": "Cascade", "$OnDelete@Core.Description": "why"
              },
              "Parts": {"$Kind": "NavigationProperty", "$Type": "self.Product", "$Collection": true, "$ContainsTarget": true}
            },
            "Category": {"$Kind": "EntityType", "$BaseType": "self.Product", "$OpenType": true, "$Abstract": true},
            "Color": {
              "$Kind": "EnumType", "$UnderlyingType": "Edm.Int64", "$IsFlags": true,
              "Red": 1, "Red@Core.Description": "like a rose", "Big": "9223372036854775807"
            },
            "Money": {"$Kind": "TypeDefinition", "$UnderlyingType": "Edm.Decimal", "$Scale": "variable"},
            "Term": {"$Kind": "Term", "$Type": "self.Money", "$DefaultValue": true, "$AppliesTo": ["Property"],
              "$BaseTerm": "Core.Description"},
            "Rate": [
              {"$Kind": "Action", "$IsBound": true, "$EntitySetPath": "it/Category",
               "$Parameter": [{"$Name": "it", "$Type": "self.Product", "$Collection": true},
                              {"$Name": "Stars", "$Type": "Edm.Byte", "@Core.OptionalParameter": {"DefaultValue": 5}}],
               "$ReturnType": {"$Type": "self.Category", "$Nullable": true, "@Core.Description": "what came of it"}},
              {"$Kind": "Action"}
            ],
            "Shop": {
              "$Kind": "EntityContainer",
              "Products": {"$Collection": true, "$Type": "self.Product",
                "$NavigationPropertyBinding": {"self.Category/Parts": "self.Shop/Products", "Category": "Categories"}},
              "Hidden": {"$Collection": true, "$Type": "self.Category", "$IncludeInServiceDocument": false},
              "Main": {"$Type": "self.Category", "$Nullable": true},
              "RateAll": {"$Action": "self.Rate"},
              "Best": {"$Function": "self.Top", "$EntitySet": "self.Shop/Products"}
            },
            "$Annotations": {
              "self.Product/Price": {"@Core.Description#Late": "apart"},
              "other.Thing": {"@Core.Description": "not here"}
            },
            "$Alias": "self"
          }
        }
        """

    private let metadata: Metadata
    private func name(_ text: String) -> QualifiedName { QualifiedName("org.example", text) }

    init() throws { metadata = try Metadata(csdlJSON: Array(Self.document.utf8)) }

    @Test func `version, schema and references are read`() {
        #expect(metadata.version == .v401)
        #expect(metadata.schemas.map(\.namespace) == ["org.example"])
        #expect(metadata.schemas[0].alias == "self")
        #expect(metadata.references[0].includes == [.init(namespace: "Org.OData.Core.V1", alias: "Core")])
        #expect(metadata.references[0].annotationNamespaces == ["org.example.hcm"])
    }

    @Test func `a property without a type is a string that can't be null`() throws {
        let id = try #require(metadata.property("ID", of: name("Product")))
        #expect(id.type == TypeReference(.primitive(.string), isNullable: false))
    }

    @Test func `a decimal without a scale has any, and no other type has one`() {
        #expect(metadata.property("Weight", of: name("Product"))?.type.scale == .variable)
        #expect(metadata.property("Price", of: name("Product"))?.type.scale == .fixed(2))
        #expect(metadata.property("Created", of: name("Product"))?.type.scale == nil)
    }

    @Test func `facets and collections are read`() throws {
        let tags = try #require(metadata.property("Tags", of: name("Product"))).type
        #expect(tags.isCollection && tags.maxLength == 20 && tags.isUnicode == false)
        #expect(metadata.property("Created", of: name("Product"))?.defaultValue == "2000-01-01T00:00:00Z")
        #expect(metadata.property("Free", of: name("Product"))?.type.base == .abstract("Edm.Untyped"))
    }

    @Test func `keys may be paths with an alias`() {
        let key = metadata.keyProperties(of: name("Product"))
        #expect(key == [KeyProperty("ID"), KeyProperty("Category/ID", alias: "CategoryID")])
        #expect(key.map(\.name) == ["ID", "CategoryID"])
    }

    @Test func `an alias that is declared later is resolved everywhere`() {
        #expect(metadata.property("Color", of: name("Product"))?.type.base == .named(name("Color")))
        #expect(metadata.structuredType(name("Category"))?.baseType == name("Product"))
        let products = metadata.entitySet("Products")
        #expect(products?.bindings.first?.path == "org.example.Category/Parts")
        #expect(products?.bindings.first?.target == "org.example.Shop/Products")
        #expect(metadata.term(name("Term"))?.baseTerm == QualifiedName("Org.OData.Core.V1", "Description"))
    }

    @Test func `navigation is read, annotations of its constraints are passed over`() throws {
        let category = try #require(metadata.navigationProperty("Category", of: name("Product")))
        #expect(category.constraints == [ReferentialConstraint(property: "CategoryID", referencedProperty: "ID")])
        #expect(category.onDelete == .cascade && category.partner == "Products" && category.isNullable)
        let parts = try #require(metadata.navigationProperty("Parts", of: name("Product")))
        #expect(parts.isCollection && parts.containsTarget)
    }

    @Test func `enumeration members have numbers, perhaps as text, and annotations`() throws {
        let color = try #require(metadata.enumerationType(name("Color")))
        #expect(color.members.map(\.value) == [1, .max])
        #expect(color.members[0].annotations.first?.value == .string("like a rose"))
        #expect(color.isFlags && color.underlyingType == .int64)
    }

    @Test func `overloads stand in an array`() throws {
        let overloads = metadata.operations(name("Rate"))
        #expect(overloads.count == 2)
        #expect(overloads[0].parameters.map(\.isOptional) == [false, true])
        #expect(overloads[0].returnTypeAnnotations.count == 1)
        #expect(overloads[0].entitySetPath == "it/Category")
    }

    @Test func `the container's children are told apart`() {
        #expect(metadata.entitySets.map(\.name) == ["Products", "Hidden"])
        #expect(metadata.entitySet("Hidden")?.isInServiceDocument == false)
        #expect(metadata.singleton("Main")?.isNullable == true)
        #expect(metadata.operationImport("RateAll")?.kind == .action)
        #expect(metadata.operationImport("Best")?.entitySet == "org.example.Shop/Products")
        #expect(metadata.target(of: "Parts", from: metadata.entitySets[0])?.name == "Products")
    }

    @Test func `annotations apart come to their element, others stay by target`() {
        let price = metadata.property("Price", of: name("Product"))
        #expect(price?.annotations.map(\.qualifier) == ["Late"])
        #expect(metadata.externalAnnotations.keys.sorted() == ["other.Thing"])
    }

    @Test func `an annotation of an annotation is at it`() {
        let description = metadata.structuredType(name("Product"))?.annotations.first
        #expect(description?.annotations.first?.term.name == "IsLanguageDependent")
    }

    // MARK: Expressions

    private static func expression(_ json: String) throws -> AnnotationExpression? {
        let text = #"{"$Version":"4.01","a.b":{"$Alias":"s","@Core.V1.T":\#(json)}}"#
        return try Metadata(csdlJSON: Array(text.utf8)).schemas[0].annotations.first?.value
    }

    @Test(arguments: [
        ("null", AnnotationExpression.null), ("true", .boolean(true)), ("-1", .int(-1)), (#""x""#, .string("x")),
        ("9223372036854775808", .decimal(ODataDecimal(significand: 9_223_372_036_854_775_808))),
        ("1e3", .float(1_000)), (#"{"$Path":"@s.Term"}"#, .path("@a.b.Term")), ("[]", .collection([])),
        (#"{"$Null":null,"@a.b.c":1}"#, .null), (#"{"$Not":true}"#, .operation("Not", [.boolean(true)])),
        (#"{"$DivBy":[1,2]}"#, .operation("DivBy", [.int(1), .int(2)])),
        (#"{"$If":[true,1]}"#, .if([.boolean(true), .int(1)])),
        (#"{"$Function":"odata.concat","$Apply":["a"]}"#, .apply(function: "odata.concat", [.string("a")])),
        (
            #"{"$Type":"s.T","$Collection":true,"$Cast":{"$Path":"x"}}"#,
            .cast(TypeReference(.named(QualifiedName("a.b", "T")), isCollection: true, isNullable: false), .path("x"))
        ),
        (#"{"$LabeledElement":1,"$Name":"s.L"}"#, .labeledElement(name: "a.b.L", .int(1))),
        (#"{"$LabeledElementReference":"s.L"}"#, .labeledElementReference("a.b.L")),
        (#"{"$UrlRef":"http://x"}"#, .urlRef(.string("http://x"))),
        (
            ##"{"@type":"https://h/x#s.R","A":1}"##,
            .record(AnnotationRecord(type: QualifiedName("a.b", "R"), properties: [.init(name: "A", value: .int(1))]))
        ),
        (##"{"@odata.type":"#s.R"}"##, .record(AnnotationRecord(type: QualifiedName("a.b", "R")))),
        ("{}", .record(AnnotationRecord())),
    ])
    func `an expression is what its members say`(json: String, expected: AnnotationExpression) throws {
        #expect(try Self.expression(json) == expected)
    }

    @Test func `a decimal is exact`() throws {
        let value = try Self.expression("0.10000000000000000000000000000000001")
        #expect(
            value == .decimal(ODataDecimal(significand: 10_000_000_000_000_000_000_000_000_000_000_001, exponent: -35)))
    }

    @Test(arguments: [
        #"{"$Eq":[1]}"#, #"{"$Not":{"$Or":[1,2,3]}}"#, #"{"$If":[1]}"#, #"{"$Apply":["a"]}"#, #"{"$Path":1}"#,
        #"{"$Nothing":1}"#, #"{"$LabeledElement":1}"#, ##"{"@type":"#NoNamespace"}"##, #"{"$Cast":1,"$Type":"T"}"#,
        "1e999",
    ])
    func `an expression that is none is refused`(json: String) {
        #expect(throws: MetadataError.self) { try Self.expression(json) }
    }
}
