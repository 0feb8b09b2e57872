/// How much of a `$metadata` document is read before it is refused.
public struct MetadataLimits: Sendable, Hashable {
    /// Bytes of the whole document; SAP's largest have 2.5 MB.
    public var maxBytes: Int
    /// Elements or objects inside each other; real documents stay below 20. More than `maxDepthAllowed` is that.
    public var maxDepth: Int

    /// Models are compared, copied and given back along their nesting, which takes stack.
    public static let maxDepthAllowed = 512

    public init(maxBytes: Int = 64 << 20, maxDepth: Int = 128) {
        (self.maxBytes, self.maxDepth) = (maxBytes, maxDepth)
    }
}
