/// The parameters of one statement in the binary formats of their types, in buffers that are used again.
struct EncodedParameters {
    /// One spare byte first: an empty value needs an address that isn't null.
    private var bytes: [UInt8] = [0]
    private var starts: [Int] = []
    private(set) var lengths: [Int32] = []
    private(set) var types: [UInt32] = []
    private var formats: [Int32] = []

    /// Replaces what was there.
    mutating func encode(_ parameters: [PostgresValue]) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
        bytes.append(0)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        for parameter in parameters {
            append(parameter)
        }
    }

    private mutating func append(_ value: PostgresValue) {
        let start = bytes.count
        let type = encodeBytes(of: value)
        starts.append(start)
        types.append(type ?? 0)
        lengths.append(type == nil ? -1 : Int32(clamping: bytes.count - start))
        formats.append(1)
    }

    /// Appends a value's bytes; returns its type, `nil` for `NULL`.
    private mutating func encodeBytes(of value: PostgresValue) -> UInt32? {
        switch value {
        case .null:
            return nil
        case .text(let text):
            bytes.append(contentsOf: text.utf8)
            return TypeNumber.text
        case .int(let number):
            BigEndian.append(number, to: &bytes)
            return TypeNumber.int8
        case .bool(let flag):
            bytes.append(flag ? 1 : 0)
            return TypeNumber.bool
        case .double(let number):
            BigEndian.append(number.bitPattern, to: &bytes)
            return TypeNumber.float8
        case .bytes(let value):
            bytes.append(contentsOf: value)
            return TypeNumber.bytea
        case .uuid(let high, let low):
            BigEndian.append(high, to: &bytes)
            BigEndian.append(low, to: &bytes)
            return TypeNumber.uuid
        case .timestampMicros(let micros):
            // The far past would wrap round; the extremes stand for infinity, which no caller means.
            let (shifted, overflow) = micros.subtractingReportingOverflow(PostgresEpoch.unixMicros)
            BigEndian.append(overflow ? Int64.min + 1 : shifted, to: &bytes)
            return TypeNumber.timestamptz
        case .json(let text):
            bytes.append(1)
            bytes.append(contentsOf: text.utf8)
            return TypeNumber.jsonb
        case .textArray(let values):
            beginArray(of: TypeNumber.text, count: values.count)
            for value in values {
                BigEndian.append(Int32(clamping: value.utf8.count), to: &bytes)
                bytes.append(contentsOf: value.utf8)
            }
            return TypeNumber.textArray
        case .intArray(let values):
            beginArray(of: TypeNumber.int8, count: values.count)
            for value in values {
                BigEndian.append(Int32(8), to: &bytes)
                BigEndian.append(value, to: &bytes)
            }
            return TypeNumber.int8Array
        case .uuidArray(let values):
            beginArray(of: TypeNumber.uuid, count: values.count)
            for value in values {
                BigEndian.append(Int32(16), to: &bytes)
                BigEndian.append(value.high, to: &bytes)
                BigEndian.append(value.low, to: &bytes)
            }
            return TypeNumber.uuidArray
        }
    }

    /// The head of PostgreSQL's `array_recv`: dimensions, `NULL` flag, element type, size, lower bound.
    private mutating func beginArray(of element: UInt32, count: Int) {
        BigEndian.append(Int32(count == 0 ? 0 : 1), to: &bytes)
        BigEndian.append(Int32(0), to: &bytes)
        BigEndian.append(element, to: &bytes)
        guard count > 0 else { return }
        BigEndian.append(Int32(clamping: count), to: &bytes)
        BigEndian.append(Int32(1), to: &bytes)
    }

    /// Values, lengths and formats as libpq takes them, valid while `body` runs.
    func withPointers(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Bool
    ) -> Bool {
        guard !starts.isEmpty else { return body(nil, nil, nil) }
        return unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: starts.count) {
                pointers in
                for index in starts.indices {
                    let value = unsafe lengths[index] < 0 ? nil : base.map { unsafe $0 + starts[index] }
                    unsafe pointers.initializeElement(at: index, to: value)
                }
                return unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(UnsafePointer(pointers.baseAddress), lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
