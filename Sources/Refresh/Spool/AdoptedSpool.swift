package import Domain

/// What an instance that ended had left behind, or a part of it.
package struct AdoptedSpool: Sendable {
    package let owner: InstanceID
    /// In the order in which they were written. Some may have been written to the database already: a second write is
    /// refused there by fence and version. Each is to be removed by its ticket in the end.
    package let answers: [(ticket: SpoolTicket, answer: SpooledAnswer)]
    /// Everything that the owner left has been handed out with this part, and nothing was undecipherable: what the owner
    /// left unresolved beyond it has no answer.
    package let isWhole: Bool
}
