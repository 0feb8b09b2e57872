/// What an entity has besides its properties. Apart from them, so that an entity is small where it is a value among others.
struct EntityDetails: Sendable, Hashable {
    var type: QualifiedName?
    var context: String?
    var id: String?
    var editLink: String?
    var readLink: String?
    var etag: ETag?
    var media: StreamReference?
    var annotations: [String: JSONNode] = [:]
    var operations: [AdvertisedOperation] = []
    /// Whether it was read from a payload; see `EntityEncoder`.
    var isReceived = false

    /// Equal by what an entity says, not by where it came from.
    static func == (left: EntityDetails, right: EntityDetails) -> Bool {
        left.type == right.type && left.context == right.context && left.id == right.id
            && left.editLink == right.editLink && left.readLink == right.readLink && left.etag == right.etag
            && left.media == right.media && left.annotations == right.annotations && left.operations == right.operations
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(id)
        hasher.combine(etag)
    }
}

/// A value on the heap, shared until it changes: who changes it makes a new one.
final class Shared<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
