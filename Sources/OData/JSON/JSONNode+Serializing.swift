extension JSONNode {
    /// The shortest text: no white space, members in their order, only what must be is escaped. UTF-8.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.node(self)
        return writer.bytes
    }
}
