import Testing

@testable import OData

@Suite("Value helps: which lists a field has (Common.ValueList)")
struct ValueHelpTests {
    private static let order = SAPModelSamples.name("Order")

    private static func list(
        _ collection: String = "Partners", _ more: [(String, AnnotationExpression)] = []
    ) -> AnnotationExpression {
        func parameter(_ kind: String, _ members: [(String, AnnotationExpression)]) -> AnnotationExpression {
            .record(
                AnnotationRecord(
                    type: QualifiedName("com.sap.vocabularies.Common.v1", "ValueListParameter" + kind),
                    properties: members.map { AnnotationRecord.Property(name: $0.0, value: $0.1) }))
        }
        return SAPModelSamples.record(
            [
                ("CollectionPath", .string(collection)), ("Label", .string("Partners")),
                (
                    "Parameters",
                    .collection([
                        parameter(
                            "InOut",
                            [("LocalDataProperty", .propertyPath("Partner")), ("ValueListProperty", .string("ID"))]),
                        parameter(
                            "In",
                            [
                                ("LocalDataProperty", .propertyPath("Country")), ("ValueListProperty", .string("Land")),
                                ("InitialValueIsSignificant", .boolean(true)),
                            ]),
                        parameter(
                            "Out",
                            [
                                ("LocalDataProperty", .propertyPath("PartnerName")),
                                ("ValueListProperty", .string("Name")),
                            ]),
                        parameter("Constant", [("Constant", .int(1)), ("ValueListProperty", .string("Kind"))]),
                        parameter("DisplayOnly", [("ValueListProperty", .string("City"))]),
                        parameter("FilterOnly", [("ValueListProperty", .string("Group"))]),
                        parameter("Constant", [("ValueListProperty", .string("Lacks its constant"))]),
                        parameter("InOut", [("LocalDataProperty", .propertyPath("Lacks its column"))]),
                        .string("no record"),
                    ])
                ),
            ] + more)
    }

    private static func metadata(
        _ annotations: [Annotation], sap: [String: String] = [:], version: ODataVersion = .v4, target: [Annotation] = []
    ) -> Metadata {
        var partner = ModelSamples.property("Partner", sap: sap)
        partner.annotations = annotations
        var id = ModelSamples.property("ID")
        id.annotations = [ModelSamples.annotation("Common.Text", .path("Name"))]
        var listed = ModelSamples.entity(
            "Partner", key: ["ID"],
            [id] + ["Name", "City", "Land", "Group"].map { ModelSamples.property($0) } + [
                ModelSamples.property("Kind", .int32)
            ])
        listed.annotations = [
            ModelSamples.annotation(
                "UI.PresentationVariant",
                SAPModelSamples.record([
                    (
                        "SortOrder",
                        .collection([
                            SAPModelSamples.record([
                                ("Property", .propertyPath("Name")), ("Descending", .boolean(true)),
                            ])
                        ])
                    )
                ]), qualifier: "VH")
        ]
        return Metadata(
            ModelSamples.parts(
                [
                    ModelSamples.entity(
                        "Order", [partner, ModelSamples.property("Country"), ModelSamples.property("PartnerName")]),
                    listed,
                ],
                sets: [ModelSamples.set("Orders", of: "Order"), ModelSamples.set("Partners", of: "Partner", target)],
                version: version))
    }

    private static func value(
        _ term: String = "ValueList", _ list: AnnotationExpression = list(), _ qualifier: String? = nil
    ) -> Annotation {
        ModelSamples.annotation("Common.\(term)", list, qualifier: qualifier)
    }

    @Test func `every kind of parameter is read, and what lacks its parts is left out`() throws {
        let help = try #require(Self.metadata([Self.value()]).valueHelps(for: "Partner", in: Self.order).first)
        #expect(help.collectionPath == "Partners" && help.label == "Partners" && help.service == nil)
        var country = ValueHelp.Parameter(.in, local: "Country", column: "Land")
        country.initialValueIsSignificant = true
        #expect(
            help.parameters == [
                .init(.inOut, local: "Partner", column: "ID"), country,
                .init(.out, local: "PartnerName", column: "Name"),
                .init(.constant(.int32(1)), column: "Kind"), .init(.display, column: "City"),
                .init(.filter, column: "Group"),
            ])
        #expect(help.keyColumn == "ID" && help.descriptionPath == "Name")
    }

    @Test func `search is supported if the list says so, or the set does`() {
        func isSearchable(_ list: AnnotationExpression, _ target: [Annotation], version: ODataVersion = .v4) -> Bool? {
            Self.metadata([Self.value("ValueList", list)], version: version, target: target)
                .valueHelps(for: "Partner", in: Self.order).first?.isSearchSupported
        }
        let yes = [
            ModelSamples.annotation(
                "Capabilities.SearchRestrictions", SAPModelSamples.record([("Searchable", .boolean(true))]))
        ]
        #expect(isSearchable(Self.list(), []) == false)
        #expect(isSearchable(Self.list(), yes) == true)
        #expect(isSearchable(Self.list("Partners", [("SearchSupported", .boolean(false))]), yes) == false)
        #expect(isSearchable(Self.list("Partners", [("SearchSupported", .boolean(true))]), [], version: .v2) == true)
        #expect(isSearchable(Self.list("Elsewhere"), []) == false)
    }

    @Test func `the order is that of the presentation variant`() throws {
        let list = Self.list("Partners", [("PresentationVariantQualifier", .string("VH")), ("FetchValues", .int(2))])
        let help = try #require(
            Self.metadata([Self.value("ValueList", list)]).valueHelps(for: "Partner", in: Self.order).first)
        #expect(help.order == [ValueHelp.Order("Name", isDescending: true)] && help.fetchValues == 2)
    }

    @Test func `qualifiers choose, unless they depend on the entity`() {
        let lists = [
            Self.value(), Self.value("ValueList", Self.list("B"), "B"), Self.value("ValueList", Self.list("C"), "C"),
        ]
        func found(_ relevant: AnnotationExpression) -> [String] {
            Self.metadata(lists + [ModelSamples.annotation("Common.ValueListRelevantQualifiers", relevant)])
                .valueHelps(for: "Partner", in: Self.order).map(\.collectionPath)
        }
        #expect(found(.collection([.string(""), .string("C")])) == ["Partners", "C"])
        #expect(found(.collection([])).isEmpty)
        #expect(found(.path("Which")) == ["Partners", "B", "C"])
        #expect(found(.collection([.string("B"), .if([.path("x"), .string("C")])])) == ["Partners", "B", "C"])
        let selection = Self.metadata(
            lists + [ModelSamples.annotation("Common.ValueListRelevantQualifiers", .path("Which"))]
        )
        .valueHelpSelection(for: "Partner", in: Self.order)
        #expect(selection.path == "Which" && selection.relevantQualifiers == nil)
    }

    @Test func `fixed values and the list to check against are told`() {
        let lists = [
            Self.value(), Self.value("ValueList", Self.list("B"), "B"),
            ModelSamples.annotation("Common.ValueListForValidation", .string("B")),
            ModelSamples.annotation("Common.ValueListWithFixedValues", .boolean(true)),
        ]
        let helps = Self.metadata(lists).valueHelps(for: "Partner", in: Self.order)
        #expect(helps.map(\.isForValidation) == [false, true])
        #expect(helps.map(\.hasFixedValues) == [true, true])
        let version2 = Self.metadata([Self.value()], sap: ["value-list": "fixed-values"], version: .v2)
        #expect(version2.valueHelps(for: "Partner", in: Self.order).first?.hasFixedValues == true)
    }

    @Test func `a list without a collection is none`() {
        let none = ModelSamples.annotation("Common.ValueList", SAPModelSamples.record([("Label", .string("x"))]))
        #expect(
            Self.metadata([none, Self.value("ValueList", .string("x"))]).valueHelps(for: "Partner", in: Self.order)
                .isEmpty)
        #expect(Self.metadata([]).valueHelps(for: "Nothing", in: Self.order).isEmpty)
    }

    // MARK: Other documents

    @Test func `a version 2 field that only says that there is a list leads to the larger document`() {
        let metadata = Self.metadata([], sap: ["value-list": "standard"], version: .v2)
        #expect(
            metadata.valueHelpReferences(for: "Partner", in: Self.order) == [
                ValueHelpReference(url: "$metadata?sap-value-list=sample.Order/Partner", isSameService: true)
            ])
        #expect(metadata.hasValueHelp("Partner", in: Self.order) && !metadata.hasValueHelp("Country", in: Self.order))
        #expect(
            Self.metadata([Self.value()], sap: ["value-list": "standard"]).valueHelpReferences(
                for: "Partner", in: Self.order
            ).isEmpty)
        let larger = Self.metadata([Self.value()], sap: ["value-list": "standard"], version: .v2)
        let helps = metadata.valueHelps(
            for: "Partner", in: Self.order, from: larger,
            at: ValueHelpReference(url: "$metadata?sap-value-list=sample.Order/Partner", isSameService: true))
        #expect(helps.map(\.collectionPath) == ["Partners"] && helps.first?.service == nil)
    }

    @Test func `a mapping in another service's document leads to that service`() throws {
        let url = "../../../../srvd_f4/sap/vh/0001;ps='srvd-a-0001';va='x'/$metadata?sap-language=EN"
        let metadata = Self.metadata([
            ModelSamples.annotation("Common.ValueListReferences", .collection([.string(url)])),
            ModelSamples.annotation("Common.ValueListWithFixedValues", .boolean(true)),
        ])
        let reference = try #require(metadata.valueHelpReferences(for: "Partner", in: Self.order).first)
        #expect(reference.url == url && !reference.isSameService)
        var parts = MetadataParts()
        parts.version = .v401
        parts.externalAnnotations["sample.Order/Partner"] = [
            Self.value("ValueListMapping", Self.list("Here")),
            Self.value("ValueListMapping", Self.list("There", [("CollectionRoot", .string("../other/0002"))]), "B"),
            Self.value("ValueListMapping", Self.list("Root", [("CollectionRoot", .string("/sap/opu/x/"))]), "C"),
            Self.value("ValueList", Self.list("Not a mapping"), "D"),
        ]
        let helps = metadata.valueHelps(for: "Partner", in: Self.order, from: Metadata(parts), at: reference)
        #expect(helps.map(\.collectionPath) == ["Here", "There", "Root"])
        let base = "../../../../srvd_f4/sap/vh/"
        #expect(helps.map(\.service) == [base + "0001;ps='srvd-a-0001';va='x'/", base + "other/0002/", "/sap/opu/x/"])
        #expect(helps.allSatisfy { $0.version == .v401 && $0.hasFixedValues })
    }

    @Test func `a parameter of an action has value helps, here or in another service's document`() throws {
        var action = OData.Operation(kind: .action, name: SAPModelSamples.name("Ship"))
        action.isBound = true
        action.parameters = [
            .init(name: "it", type: TypeReference(.named(Self.order))),
            .init(name: "Partner", type: .primitive(.string)),
        ]
        action.parameters[1].annotations = [
            Self.value(),
            ModelSamples.annotation("Common.ValueListReferences", .collection([.string("../vh/$metadata")])),
        ]
        let metadata = Self.metadata([])
        #expect(metadata.valueHelps(forParameter: "Partner", of: action).map(\.collectionPath) == ["Partners"])
        #expect(metadata.valueHelps(forParameter: "it", of: action).isEmpty)
        #expect(metadata.valueHelps(forParameter: "Nothing", of: action).isEmpty)
        let reference = try #require(metadata.valueHelpReferences(forParameter: "Partner", of: action).first)
        var parts = MetadataParts()
        parts.externalAnnotations["sample.Ship(sample.Order)/Partner"] = [
            Self.value("ValueListMapping", Self.list("There"))
        ]
        let helps = metadata.valueHelps(forParameter: "Partner", of: action, from: Metadata(parts), at: reference)
        #expect(helps.map(\.collectionPath) == ["There"] && helps.first?.service == "../vh/")
    }

    @Test func `a list's columns that its type lacks are left out, and its key stands in`() throws {
        func list(_ columns: [String]) -> AnnotationExpression {
            SAPModelSamples.record([
                ("CollectionPath", .string("Partners")),
                (
                    "Parameters",
                    .collection(
                        columns.map { column in
                            SAPModelSamples.record([
                                ("LocalDataProperty", .propertyPath("Partner")), ("ValueListProperty", .string(column)),
                            ])
                        })
                ),
            ])
        }
        func columns(_ names: [String]) -> [String]? {
            Self.metadata([Self.value("ValueList", list(names))]).valueHelps(for: "Partner", in: Self.order).first?
                .parameters.map(\.column)
        }
        #expect(columns(["Nothing"]) == ["ID"])
        #expect(columns(["Nothing", "Name"]) == ["Name"])
        #expect(columns(["Name"]) == ["Name"])
    }

    @Test func `a field with 100,000 lists gives a few`() {
        let metadata = Self.metadata(Array(repeating: Self.value(), count: 100_000))
        #expect(metadata.valueHelps(for: "Partner", in: Self.order).count == 64)
    }

    @Test(arguments: [
        ("a/b/", "../c", "a/c"), ("a/", "../../c", "../c"), ("", "../c", "../c"), ("/a/", "../../c", "/../c"),
        ("a/b/", "./c/", "a/b/c/"),
        ("x/", "/abs", "/abs"), ("x/", "https://h/p", "https://h/p"), ("../../", "../c", "../../../c"),
        ("https://h/a/", "../b/", "https://h/b/"), ("https://h/", "../b", "https://h/../b"),
    ])
    func `references are joined as paths and never leave their host`(base: String, reference: String, expected: String)
    {
        #expect(RelativeReference.join(base, reference) == expected)
    }

    // MARK: Known lists

    @Test func `a field without a list has a known one by its name, if asked for`() throws {
        let metadata = Metadata(
            ModelSamples.parts([
                ModelSamples.entity(
                    "Item",
                    ["CostCenter", "CompanyCode", "ControllingArea", "GLAccount", "Other"].map {
                        ModelSamples.property($0)
                    })
            ]))
        let item = SAPModelSamples.name("Item")
        #expect(metadata.valueHelps(for: "CostCenter", in: item).isEmpty)
        let help = try #require(metadata.valueHelps(for: "CostCenter", in: item, includesKnown: true).first)
        #expect(help.service == "/sap/opu/odata/sap/API_COSTCENTER_SRV/" && help.version == .v2)
        #expect(help.parameters.contains(.init(.in, local: "ControllingArea", column: "ControllingArea")))
        #expect(
            help.keyColumn == "CostCenter" && help.validity == .init(from: "ValidityStartDate", to: "ValidityEndDate"))
        #expect(metadata.valueHelps(for: "Other", in: item, includesKnown: true).isEmpty)
        #expect(!metadata.valueHelps(for: "GLAccount", in: item, includesKnown: true).isEmpty)
    }

    @Test func `a picked row gives values to the entity's fields`() throws {
        let help = try #require(Self.metadata([Self.value()]).valueHelps(for: "Partner", in: Self.order).first)
        let values = help.values(from: [
            "ID": .string("0000000017"), "Name": .string("Miller"), "City": .string("Rome"), "Land": .string("IT"),
        ])
        #expect(values == ["Partner": .string("0000000017"), "PartnerName": .string("Miller")])
        #expect(help.values(from: [:]).isEmpty)
    }
}
