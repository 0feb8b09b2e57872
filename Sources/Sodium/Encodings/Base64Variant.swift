internal import CSodium

/// What base64 and base64url share: the library's coder, whose time does not depend on the data.
enum Base64Variant {
    case standard
    case urlWithoutPadding

    private var code: Int32 {
        switch self {
        case .standard: Int32(sodium_base64_VARIANT_ORIGINAL)
        case .urlWithoutPadding: Int32(sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        }
    }

    func encodedCount(_ count: Int) -> Int {
        switch self {
        case .standard: (count + 2) / 3 * 4
        case .urlWithoutPadding: (count * 4 + 2) / 3
        }
    }

    /// An upper bound of what `count` characters decode to.
    func decodedBound(_ count: Int) -> Int {
        count / 4 * 3 + 3
    }

    func encode(_ bytes: RawSpan) -> String {
        // The library ends its text with a NUL.
        var text = [UInt8](repeating: 0, count: encodedCount(bytes.byteCount) + 1)
        unsafe text.withMutableOctets { target, capacity in unsafe write(bytes, target, capacity) }
        text.removeLast()
        return String(decoding: text, as: UTF8.self)
    }

    func encode(_ secret: SecretBytes) -> SecretBytes {
        let length = encodedCount(secret.count)
        return SecretBytes(capacity: length + 1) { output in
            unsafe output.withMutableOctets { target, capacity in
                secret.withBytes { unsafe write($0, target, capacity) }
            }
            return length
        }
    }

    func decode(_ text: RawSpan) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: decodedBound(text.byteCount))
        let count = unsafe output.withMutableOctets { target, capacity in unsafe read(text, target, capacity) }
        guard let count else { return nil }
        output.removeLast(output.count - count)
        return output
    }

    func decode(_ secret: SecretBytes) -> SecretBytes? {
        // The only error is the refusal, and nil says it.
        try? SecretBytes(capacity: decodedBound(secret.count)) { (output) throws(Refused) -> Int in
            let count = unsafe output.withMutableOctets { target, capacity in
                secret.withBytes { unsafe read($0, target, capacity) }
            }
            guard let count else { throw Refused() }
            return count
        }
    }

    /// Carries a refusal out of the initialiser.
    private struct Refused: Error {}

    @unsafe
    private func write(_ bytes: RawSpan, _ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) {
        Library.ensureReady()
        unsafe bytes.withOctets { input, count in
            unsafe target.withMemoryRebound(to: CChar.self, capacity: capacity) { target in
                _ = unsafe sodium_bin2base64(target, capacity, input, count, code)
            }
        }
    }

    @unsafe
    private func read(_ text: RawSpan, _ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Int? {
        Library.ensureReady()
        return unsafe text.withOctets { input, length in
            unsafe input.withMemoryRebound(to: CChar.self, capacity: length) { input in
                var count = 0
                let result = unsafe sodium_base642bin(target, capacity, input, length, nil, &count, nil, code)
                return result == 0 ? count : nil
            }
        }
    }
}
