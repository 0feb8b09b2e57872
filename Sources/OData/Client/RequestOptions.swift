public import HTTPTypes

/// What one operation wants besides its query.
public struct RequestOptions: Sendable {
    /// The last instant to wait for the end of the answer; nil leaves it to the session's budget. A sequence of pages has
    /// one deadline for all of them if it is given here, else one budget for each.
    public var deadline: ContinuousClock.Instant?
    /// Sent with the request; they replace the client's own of the same name.
    public var headers: HTTPFields
    /// `Prefer: return=…` of version 4; nil leaves it to the service.
    public var returning: ReturnPreference?
    /// `Prefer: odata.maxpagesize` of this operation.
    public var pageSize: Int?
    /// Whether the session may send the request again after a failure that leaves open whether it was seen. nil: reads
    /// may, others not.
    public var isRepeatable: Bool?

    public init(
        deadline: ContinuousClock.Instant? = nil, headers: HTTPFields = [:], returning: ReturnPreference? = nil,
        pageSize: Int? = nil, isRepeatable: Bool? = nil
    ) {
        (self.deadline, self.headers, self.returning) = (deadline, headers, returning)
        (self.pageSize, self.isRepeatable) = (pageSize, isRepeatable)
    }
}

/// Whether a write's answer has the entity in it (OData Protocol 4.01 §8.2.8.7).
public enum ReturnPreference: String, Sendable, Hashable { case minimal, representation }

/// What a write says about the version that it is meant for (`If-Match`, `If-None-Match`).
public enum Precondition: Sendable, Hashable {
    /// The tag that the entity was read with, if it has one; the service answers 428 where it wants one.
    case entityTag
    case matches(ETag)
    /// `If-Match: *`: any version, but there must be one.
    case exists
    /// `If-None-Match: *`: there must be none.
    case isAbsent
    case none
}
