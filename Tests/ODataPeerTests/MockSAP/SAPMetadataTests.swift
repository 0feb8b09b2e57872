import Foundation
import HTTPTypes
import OData
import ODataPeerSupport
import Testing

@Suite("mock-sap: metadata of every service")
struct SAPMetadataTests {
    @Test func `every service that the system lists has metadata that is read, with the sets that it lists`()
        async throws
    {
        let port = try await Peers.sap.value.port
        let services = try await listed()
        #expect(services.count >= 15)
        for service in services {
            let client = ODataClient(
                root: try ServiceRoot("http://127.0.0.1:\(port)\(service.path)/"), transport: try Peers.transport.get())
            let metadata = try await client.metadata()
            #expect(metadata.entitySets.map(\.name).sorted() == service.entitySets.sorted(), "\(service.name)")
            #expect(metadata.version == (service.odataVersion == 4 ? .v4 : .v2), "\(service.name)")
            for set in metadata.entitySets {
                #expect(metadata.entityType(ofSet: set.name) != nil, "\(service.name) \(set.name)")
                #expect(!metadata.keyProperties(of: set.type).isEmpty, "\(service.name) \(set.name)")
                for navigation in metadata.navigationProperties(of: set.type) {
                    #expect(metadata.target(of: navigation.name, from: set) != nil, "\(set.name)/\(navigation.name)")
                }
            }
        }
    }

    @Test func `CSDL in XML and in JSON are the same model where both say the same`() async throws {
        for service in try await listed() where service.odataVersion == 4 {
            let client = try await Peers.client(Peers.sap, service.path)
            let xml = try await client.metadata()
            let answer = try await client.session.send(SessionRequest(.get, "$metadata?$format=json"))
            let json = try Metadata(csdlJSON: try await answer.collect())
            #expect(xml.structuredTypeNames == json.structuredTypeNames)
            #expect(xml.container.name == json.container.name)
            #expect(xml.entitySets.map(\.name) == json.entitySets.map(\.name))
            for name in xml.structuredTypeNames {
                let (left, right) = (xml.properties(of: name), json.properties(of: name))
                #expect(left.map(\.name) == right.map(\.name))
                for (left, right) in zip(left, right) {
                    // mock-sap's JSON doesn't say what may be null, which there means that nothing may.
                    var type = right.type
                    type.isNullable = left.type.isNullable
                    #expect(left.type == type, "\(name)/\(left.name)")
                }
                #expect(xml.keyProperties(of: name).map(\.path) == json.keyProperties(of: name).map(\.path))
                #expect(
                    xml.navigationProperties(of: name).map(\.name) == json.navigationProperties(of: name).map(\.name))
                for property in left {
                    let labels = [xml, json].map { $0.presentation(of: property.name, in: name).label }
                    #expect(labels[0] == labels[1], "\(name)/\(property.name)")
                }
            }
        }
    }

    @Test func `the service document has the sets of the metadata`() async throws {
        for service in [SAPService.salesOrders, SAPService.sample, SAPService.salesOrders4] {
            let client = try await Peers.client(Peers.sap, service)
            let metadata = try await client.metadata()
            let answer = try await client.session.send(
                SessionRequest(.get, "", headers: [.accept: "application/json"]))
            let decoder = EntityDecoder(metadata: metadata, type: nil, version: metadata.version)
            let document = try decoder.serviceDocument(try await answer.collect())
            #expect(Set(document.elements.map(\.name)) == Set(metadata.entitySets.map(\.name)))
        }
    }

    @Test func `labels, read-only fields and versioned sets are known from the metadata of either version`()
        async throws
    {
        let v2 = try await Peers.client(Peers.sap, SAPService.salesOrders).metadata()
        let v4 = try await Peers.client(Peers.sap, SAPService.salesOrders4).metadata()
        let old = try #require(v2.entityType(ofSet: "A_SalesOrder")).name
        let new = try #require(v4.entityType(ofSet: "SalesOrder")).name
        #expect(v2.presentation(of: "SoldToParty", in: old).label == "Sold-To Party")
        #expect(v4.presentation(of: "SoldToParty", in: new).label == "Sold-To Party")
        let total = v2.presentation(of: "TotalNetAmount", in: old)
        #expect(!total.isCreatable && !total.isUpdatable)
        #expect(v2.presentation(of: "SoldToParty", in: old).isUpdatable)
        let openItems = try await Peers.client(Peers.sap, SAPService.openItems).metadata()
        let set = try #require(openItems.entitySet("A_OperationalAcctgDocItemCube"))
        #expect(!openItems.capabilities(of: set).isInsertable)
    }

    private func listed() async throws -> [ListedService] {
        let bytes = try await PeerControl(Peers.sap).send(.get, "/_mock/services")
        return try JSONDecoder().decode(ServiceList.self, from: Data(bytes)).services
    }
}

private struct ServiceList: Decodable { var services: [ListedService] }

private struct ListedService: Decodable {
    var name: String
    var odataVersion: Int
    var url: String
    var entitySets: [String]

    var path: String { String(url[(url.range(of: "/sap/")?.lowerBound ?? url.startIndex)...]) }
}
