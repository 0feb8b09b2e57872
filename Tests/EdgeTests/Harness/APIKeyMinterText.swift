import Connections
import Domain
import Identity
import Sodium
import TestSupport

/// The text of a key that nobody stored.
enum APIKeyMinterText {
    static func unknown(_ rig: Rig) -> String? {
        let id: APIKeyID = rig.world.gate.identifiers.next()
        return APIKeyMinter().mint(id).text.revealUTF8(for: .test)
    }
}
