import OData
import Testing

/// Business partners: types of another namespace than the service's, keys of several parts, one level deeper.
@Suite("mock-sap: business partners of both versions")
struct SAPPartnerTests {
    struct Service: Sendable, CustomTestStringConvertible {
        let path: String
        let prefix: String

        var testDescription: String { path }
        var partners: Query { Query("\(prefix)BusinessPartner") }
        var addresses: Query { Query("\(prefix)BusinessPartnerAddress") }
    }

    static let services = [
        Service(path: SAPService.partners, prefix: "A_"), Service(path: SAPService.partners4, prefix: ""),
    ]

    private func draft() -> Entity {
        var address = Entity()
        // S/4HANA numbers addresses itself, mock-sap doesn't.
        address["AddressID"] = .string("9" + String(UInt32.random(in: 100_000_000..<1_000_000_000)))
        address["CityName"] = "Zürich"
        address["Country"] = "CH"
        var role = Entity()
        role["BusinessPartnerRole"] = "FLCU01"
        var partner = Entity()
        partner["BusinessPartnerCategory"] = "2"
        partner["BusinessPartnerGrouping"] = "BP01"
        partner["OrganizationBPName1"] = "O'Neil & Söhne"
        partner["to_BusinessPartnerAddress"] = .entities(EntityCollection([address]))
        partner["to_BusinessPartnerRole"] = .entities(EntityCollection([role]))
        return partner
    }

    @Test("a partner is made with address and role, and found by its name with a quote in it", arguments: services)
    func creates(_ service: Service) async throws {
        let client = try await Peers.client(Peers.sap, service.path)
        let created = try await client.create(draft(), in: service.partners)
        let key = service.partners.key(try #require(created["BusinessPartner"]))
        let read = try await client.entity(key.expand("to_BusinessPartnerAddress").expand("to_BusinessPartnerRole"))
        #expect(read.text("OrganizationBPName1") == "O'Neil & Söhne")
        #expect(read.expanded("to_BusinessPartnerAddress")?.map { $0.text("CityName") } == ["Zürich"])
        #expect(read.expanded("to_BusinessPartnerRole")?.map { $0.text("BusinessPartnerRole") } == ["FLCU01"])
        let named = service.partners.filter(.property("OrganizationBPName1") == "O'Neil & Söhne")
        let found = try await client.entities(named).collect().compactMap { $0["BusinessPartner"] }
        #expect(found.contains(try #require(created["BusinessPartner"])))
    }

    @Test("an address is changed and deleted by its key of two parts", arguments: services)
    func addresses(_ service: Service) async throws {
        let client = try await Peers.client(Peers.sap, service.path)
        let created = try await client.create(draft(), in: service.partners)
        let partner = try #require(created["BusinessPartner"])
        let below = service.partners.key(partner).navigate("to_BusinessPartnerAddress")
        var address = try #require(try await client.first(below))
        let key = service.addresses.key([
            "BusinessPartner": partner, "AddressID": try #require(address["AddressID"]),
        ])
        address["CityName"] = "Bern"
        // In version 2 by its own URI; version 4 of mock-sap sends none, and the type has one set.
        try await client.update(address)
        #expect(try await client.entity(key).text("CityName") == "Bern")
        try await client.delete(key)
        #expect(try await client.count(below) == 0)
    }

    @Test("nothing is written to a service that only reads")
    func readOnly() async throws {
        let client = try await Peers.client(Peers.sap, SAPService.openItems)
        var item = Entity()
        item["CompanyCode"] = "1710"
        let written = item
        let error = try await failure {
            _ = try await client.create(written, in: Query("A_OperationalAcctgDocItemCube"))
        }
        #expect(error.serviceError?.status == 405)
        #expect(error.serviceError?.code == "/IWBEP/CX_MGW_NOT_IMPL_EXC")
    }
}
