/// A customer of the SaaS product; the unit of isolation.
package struct Tenant: Hashable, Sendable {
    package let id: TenantID
    package let environmentID: EnvironmentID
    /// For people; 1 to 200 characters.
    package var name: String
    /// The product's own key of this customer, unique in the environment; 1 to 200 characters, or none.
    package var externalID: String?
    package let createdAt: Timestamp

    package init(
        id: TenantID, environmentID: EnvironmentID, name: String, externalID: String?, createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.name = name
        self.externalID = externalID
        self.createdAt = createdAt
    }
}
