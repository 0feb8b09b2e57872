package import Connections
package import Domain

/// Makes the secrets of API keys in the form of ``APIKeySecret``.
package struct APIKeyMinter: APIKeyMinting {
    package init() {}

    package func mint(_ id: APIKeyID) -> MintedAPIKey {
        let key = APIKeySecret.mint(id: id)
        return MintedAPIKey(text: key.secret, secretHash: key.hash)
    }
}
