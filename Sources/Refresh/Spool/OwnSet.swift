internal import Domain
internal import Sodium

/// The set that one instance writes: its folder, locked as long as this is held, and its key.
struct OwnSet: Sendable {
    let root: SpoolFolder
    let folder: SpoolFolder
    let name: SpoolSetName
    let cipher: SpoolCipher
    /// The head of the file with that number.
    let head: @Sendable (UInt32) -> [UInt8]?

    /// Makes the folder.
    ///
    /// - Throws: `.rootKey` where a head has no room for the wrapped key.
    init(
        in root: SpoolFolder, instance: InstanceID, key: SecretBytes, rootID: String, wrappedKey: [UInt8]
    ) throws(SpoolOpenError) {
        for _ in 0..<8 {
            let setID = Random.bytes(SegmentHeader.setIDLength)
            let head: @Sendable (UInt32) -> [UInt8]? = { number in
                SegmentHeader(
                    setID: setID, instance: instance, number: number, rootID: rootID, wrappedKey: wrappedKey
                ).encoded(key: key)
            }
            guard head(1) != nil else { throw .rootKey }
            let name = SpoolSetName(owner: instance, setID: setID)
            do throws(DiskError) {
                folder = try root.makeSet(name)
            } catch {
                // Somebody who looked for what others left has taken the folder before it was locked.
                if error.code == DiskError.exists.code { continue }
                throw .refused(code: error.code)
            }
            self.root = root
            self.name = name
            self.head = head
            cipher = SpoolCipher(key: key, setID: setID, instance: instance)
            return
        }
        throw .refused(code: DiskError.exists.code)
    }
}
