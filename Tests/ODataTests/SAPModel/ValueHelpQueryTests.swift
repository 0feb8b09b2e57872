import Testing

@testable import OData

@Suite("Value helps: what is asked for")
struct ValueHelpQueryTests {
    private static func help(_ version: ODataVersion = .v4) -> ValueHelp {
        var help = ValueHelp(for: "Partner", collectionPath: "Partners", version: version)
        help.parameters = [
            .init(.inOut, local: "Partner", column: "ID"), .init(.in, local: "Country", column: "Land"),
            .init(.out, local: "PartnerName", column: "Name"), .init(.constant(.string("1")), column: "Kind"),
            .init(.display, column: "City"), .init(.display, column: "City"), .init(.filter, column: "Group"),
        ]
        help.descriptionPath = "Name"
        return help
    }

    /// In the order in which the query is written.
    private static func url(_ query: Query, _ version: ODataVersion = .v4) throws -> String {
        let text = try query.encoded(version).relativeURL
        return text.replacing("%20", with: " ").replacing("%27", with: "'")
    }

    @Test func `other fields restrict, the field's own value doesn't`() throws {
        let query = Self.help().query(
            values: ["Partner": .string("17"), "Country": .string("IT"), "Other": .string("x")], top: 5)
        let url = try Self.url(query)
        #expect(url.contains("$filter=Land eq 'IT' and Kind eq '1'"))
        #expect(url.hasPrefix("Partners?") && url.contains("$top=5"))
        #expect(url.contains("$select=ID,Name,City"))
        #expect(!url.contains("17"))
    }

    @Test(arguments: [ODataValue.null, .string("")])
    func `pitfall 21: initial values restrict nothing unless they mean something`(value: ODataValue) throws {
        var help = Self.help()
        #expect(try !Self.url(help.query(values: ["Country": value])).contains("Land"))
        help.parameters[1].initialValueIsSignificant = true
        #expect(try Self.url(help.query(values: ["Country": value])).contains("Land eq"))
    }

    @Test func `typed text goes to the service's search, by its name in each version`() throws {
        var help = Self.help()
        help.isSearchSupported = true
        #expect(try Self.url(help.query(search: "Miller")).contains("$search=Miller"))
        #expect(try !Self.url(help.query(search: "")).contains("search"))
        var older = Self.help(.v2)
        older.isSearchSupported = true
        let url = try Self.url(older.query(search: "Miller"), .v2)
        #expect(url.contains("search=Miller") && !url.contains("$search"))
    }

    @Test func `without a search the key begins with the text or the description contains it`() throws {
        let url = try Self.url(Self.help().query(search: "O'N"))
        #expect(url.contains("(startswith(ID,'O''N') or contains(Name,'O''N'))"))
        #expect(try Self.url(Self.help(.v2).query(search: "x"), .v2).contains("substringof('x',Name)"))
    }

    @Test func `known lists ask for periods and texts`() throws {
        let item = Metadata(ModelSamples.parts([ModelSamples.entity("Item", [ModelSamples.property("CostCenter")])]))
        let help = try #require(
            item.valueHelps(for: "CostCenter", in: SAPModelSamples.name("Item"), includesKnown: true).first)
        let day = try #require(CalendarDate(year: 2026, month: 11, day: 24))
        let url = try Self.url(help.query(on: day, language: "EN"), .v2)
        #expect(url.contains("$expand=to_Text"))
        #expect(url.contains("ValidityStartDate le datetime'2026-11-24T00:00:00'"))
        #expect(url.contains("ValidityEndDate ge datetime'2026-11-24T00:00:00'"))
        #expect(url.contains("IsBlkdForPrimaryCostsPosting eq false"))
        #expect(url.contains("to_Text/CostCenterName") && url.contains("$orderby=CostCenter"))
    }

    @Test func `texts in several languages are restricted to one where the version can`() throws {
        var help = Self.help()
        (help.descriptionPath, help.languageColumn) = ("_Text/Name", "Language")
        let url = try Self.url(help.query(language: "EN"))
        #expect(
            url.contains("$expand=_Text($select=Name,Language;$filter=Language eq 'EN')")
                || url.contains("$expand=_Text($filter=Language eq 'EN';$select=Name,Language)"))
    }
}
