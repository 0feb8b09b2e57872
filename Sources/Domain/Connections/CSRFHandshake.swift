/// A token to fetch with a read before modifying requests, and to send back with the cookies that came with it.
package struct CSRFHandshake: Hashable, Sendable {
    /// Header that carries the token both ways, lower case: `x-csrf-token`.
    package let header: String
    /// Value that asks for one: `Fetch`.
    package let fetchValue: String

    package init(header: String, fetchValue: String) {
        self.header = header
        self.fetchValue = fetchValue
    }
}
