internal import NIOCore

extension ByteBuffer {
    /// Overwrites the readable bytes where they lie: part of a request that nobody reads again.
    ///
    /// A buffer is copied before it is written to while another holds its storage, as the parser does; a wiped copy would be
    /// of no use, so the storage itself is written. The parser has passed these bytes and never looks back.
    func wipeReadableBytes() {
        unsafe withUnsafeReadableBytes { bytes in
            _ = unsafe UnsafeMutableRawBufferPointer(mutating: bytes).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}
