/// What a reader of payloads accepts at most. Exceeding one is an error, never a shortened answer.
public struct PayloadLimits: Sendable, Hashable {
    /// Length of a body that is read whole. A feed that is read in pieces may be longer: it is bounded by each entity.
    public var maxBodyBytes: Int
    /// Length of one entity of a feed, with all that is expanded in it, and of each value beside the entities.
    public var maxEntityBytes: Int
    /// Arrays and objects inside each other, the body's outermost included; never above 512, because reading recurs.
    public var maxDepth: Int

    public init(maxBodyBytes: Int = 256 << 20, maxEntityBytes: Int = 16 << 20, maxDepth: Int = 64) {
        (self.maxBodyBytes, self.maxEntityBytes, self.maxDepth) = (maxBodyBytes, maxEntityBytes, maxDepth)
    }
}
