import HTTPTypes
@testable import OData

/// Two small services of the same shape, one of each version.
enum ClientFixture {
    static let host = "erp.example.com"
    static let v2Path = "/sap/opu/odata/sap/ORDERS/"
    static let v4Path = "/odata4/orders/"

    static let v2Document = """
        <?xml version="1.0" encoding="utf-8"?>
        <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" \
        xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" \
        xmlns:sap="http://www.sap.com/Protocols/SAPData">
        <edmx:DataServices m:DataServiceVersion="2.0">
        <Schema Namespace="ORDERS" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
        <EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
        <Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>
        <Property Name="Note" Type="Edm.String"/><Property Name="Amount" Type="Edm.Decimal" Precision="15" Scale="2"/>
        <Property Name="Created" Type="Edm.DateTime"/>
        <NavigationProperty Name="to_Item" Relationship="ORDERS.OrderItems" FromRole="O" ToRole="I"/>
        <NavigationProperty Name="to_Parent" Relationship="ORDERS.OrderParent" FromRole="C" ToRole="P"/></EntityType>
        <EntityType Name="Item"><Key><PropertyRef Name="Order"/><PropertyRef Name="Pos"/></Key>
        <Property Name="Order" Type="Edm.String" Nullable="false"/>
        <Property Name="Pos" Type="Edm.Int32" Nullable="false"/></EntityType>
        <EntityType Name="Document" m:HasStream="true"><Key><PropertyRef Name="ID"/></Key>
        <Property Name="ID" Type="Edm.String" Nullable="false"/></EntityType>
        <Association Name="OrderItems"><End Type="ORDERS.Order" Multiplicity="1" Role="O"/>\
        <End Type="ORDERS.Item" Multiplicity="*" Role="I"/></Association>
        <Association Name="OrderParent"><End Type="ORDERS.Order" Multiplicity="*" Role="C"/>\
        <End Type="ORDERS.Order" Multiplicity="0..1" Role="P"/></Association>
        <EntityContainer Name="ORDERS_Entities" m:IsDefaultEntityContainer="true">
        <EntitySet Name="Orders" EntityType="ORDERS.Order"/><EntitySet Name="Items" EntityType="ORDERS.Item"/>
        <EntitySet Name="Documents" EntityType="ORDERS.Document"/>
        <AssociationSet Name="S1" Association="ORDERS.OrderItems"><End EntitySet="Orders" Role="O"/>\
        <End EntitySet="Items" Role="I"/></AssociationSet>
        <AssociationSet Name="S2" Association="ORDERS.OrderParent"><End EntitySet="Orders" Role="C"/>\
        <End EntitySet="Orders" Role="P"/></AssociationSet>
        <FunctionImport Name="Latest" ReturnType="ORDERS.Order" EntitySet="Orders" m:HttpMethod="GET">\
        <Parameter Name="Plant" Type="Edm.String"/></FunctionImport>
        <FunctionImport Name="Cancel" ReturnType="ORDERS.Order" EntitySet="Orders" m:HttpMethod="POST">\
        <Parameter Name="ID" Type="Edm.String"/><Parameter Name="On" Type="Edm.DateTime"/></FunctionImport>
        <FunctionImport Name="Total" ReturnType="Edm.Decimal" m:HttpMethod="GET"/>
        <FunctionImport Name="Open" ReturnType="Collection(ORDERS.Order)" EntitySet="Orders" m:HttpMethod="GET"/>
        <FunctionImport Name="Purge" m:HttpMethod="POST"/>
        </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
        """

    static let v4Document = """
        <?xml version="1.0" encoding="utf-8"?>
        <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
        <Schema Namespace="orders" xmlns="http://docs.oasis-open.org/odata/ns/edm">
        <EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
        <Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>
        <Property Name="Note" Type="Edm.String"/><Property Name="Amount" Type="Edm.Decimal" Precision="15" Scale="2"/>
        <Property Name="Created" Type="Edm.DateTimeOffset"/><Property Name="Photo" Type="Edm.Stream"/>
        <NavigationProperty Name="Items" Type="Collection(orders.Item)" ContainsTarget="true"/>
        <NavigationProperty Name="Parent" Type="orders.Order"/></EntityType>
        <EntityType Name="Item"><Key><PropertyRef Name="Pos"/></Key>
        <Property Name="Pos" Type="Edm.Int32" Nullable="false"/></EntityType>
        <EntityType Name="Document" HasStream="true"><Key><PropertyRef Name="ID"/></Key>
        <Property Name="ID" Type="Edm.String" Nullable="false"/></EntityType>
        <Action Name="Release" IsBound="true"><Parameter Name="in" Type="orders.Order"/>\
        <Parameter Name="Amount" Type="Edm.Decimal" Scale="2"/><ReturnType Type="orders.Order"/></Action>
        <Action Name="Purge"><Parameter Name="Before" Type="Edm.Date"/></Action>
        <Function Name="Open"><Parameter Name="Plant" Type="Edm.String"/>\
        <ReturnType Type="Collection(orders.Order)"/></Function>
        <Function Name="Weight" IsBound="true"><Parameter Name="in" Type="orders.Order"/>\
        <Parameter Name="Unit" Type="Edm.String"/><ReturnType Type="Edm.Decimal" Scale="3"/></Function>
        <Function Name="ByIDs"><Parameter Name="IDs" Type="Collection(Edm.String)"/>\
        <ReturnType Type="Collection(orders.Order)"/></Function>
        <EntityContainer Name="Container">
        <EntitySet Name="Orders" EntityType="orders.Order"><NavigationPropertyBinding Path="Parent" Target="Orders"/></EntitySet>
        <EntitySet Name="Documents" EntityType="orders.Document"/>
        <ActionImport Name="Purge" Action="orders.Purge"/><FunctionImport Name="Open" Function="orders.Open"/>
        <FunctionImport Name="ByIDs" Function="orders.ByIDs"/>
        </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
        """

    static func document(_ version: ODataVersion) -> String {
        switch version {
        case .v2: v2Document
        case .v4: v4Document
        case .v401: v4Document.replacing(#"Edmx Version="4.0""#, with: #"Edmx Version="4.01""#)
        }
    }

    static func metadata(_ version: ODataVersion) throws -> Metadata {
        try Metadata(xml: Array(document(version).utf8))
    }

    static func path(_ version: ODataVersion) -> String { version.isV4 ? v4Path : v2Path }

    static func root(_ version: ODataVersion, _ query: String = "") throws -> ServiceRoot {
        try ServiceRoot("https://" + host + path(version) + query)
    }

    /// A client that has its metadata and asks for no token: what it sends is what a test looks at.
    static func client(
        _ version: ODataVersion, _ transport: ClientFakeTransport, clock: ClientFakeClock? = nil,
        rootQuery: String = "", _ change: (inout ClientOptions) -> Void = { _ in }
    ) throws -> ODataClient {
        var options = ClientOptions()
        options.metadata = .given(try metadata(version))
        change(&options)
        var session = SessionOptions()
        session.antiForgery = .never
        session.retries.maxAttempts = 1
        session.random = { 0.5 }
        if let clock { session.clock = clock.clock }
        return ODataClient(root: try root(version, rootQuery), transport: transport, options: options, session: session)
    }

    /// An order as each version writes it.
    static func order(_ version: ODataVersion, _ id: String, _ more: String = "", etag: String? = nil) -> String {
        if version.isV4 {
            let tag = etag.map { #""@odata.etag":"\#($0)","# } ?? ""
            return #"{\#(tag)"ID":"\#(id)"\#(more)}"#
        }
        let tag = etag.map { #","etag":"\#($0)""# } ?? ""
        let uri = "https://internal:8443\(v2Path)Orders('\(id)')"
        return #"{"__metadata":{"uri":"\#(uri)","type":"ORDERS.Order"\#(tag)},"ID":"\#(id)"\#(more)}"#
    }

    /// A page of orders with perhaps a link to the next one.
    static func page(
        _ version: ODataVersion, _ ids: [String], next: String? = nil, delta: String? = nil, count: Int? = nil
    ) -> String {
        let items = ids.map { order(version, $0) }.joined(separator: ",")
        if version.isV4 {
            let fields =
                [
                    count.map { #""@odata.count":\#($0)"# }, #""value":[\#(items)]"#,
                    next.map { #""@odata.nextLink":"\#($0)""# },
                    delta.map { #""@odata.deltaLink":"\#($0)""# },
                ]
            return "{" + fields.compactMap(\.self).joined(separator: ",") + "}"
        }
        let fields =
            [
                count.map { #""__count":"\#($0)""# }, #""results":[\#(items)]"#, next.map { #""__next":"\#($0)""# },
                delta.map { #""__delta":"\#($0)""# },
            ]
        return #"{"d":{"# + fields.compactMap(\.self).joined(separator: ",") + "}}"
    }

    static func single(_ version: ODataVersion, _ order: String) -> String {
        version.isV4 ? order : #"{"d":\#(order)}"#
    }
}

extension Entity {
    /// `ID` as text.
    var clientTestID: String? {
        guard case .string(let text)? = self["ID"] else { return nil }
        return text
    }
}

/// The error that an operation throws; nil if it throws none.
func clientError(_ work: () async throws(ODataError) -> Void) async -> ODataError? {
    do throws(ODataError) {
        try await work()
        return nil
    } catch {
        return error
    }
}
