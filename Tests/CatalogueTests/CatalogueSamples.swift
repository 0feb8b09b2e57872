import Catalogue
import Domain
import EmbeddedFiles
import Sodium

/// The built-in entries as the binary carries them, and one entry to be spoilt by tests.
enum CatalogueSamples {
    static func catalogue() throws -> Catalogue { try Catalogue.load() }

    static func provider(_ name: String) throws -> Provider {
        guard let slug = Slug(name), let provider = try catalogue().provider(slug) else { throw Missing() }
        return provider
    }

    struct Missing: Error {}

    static func file(_ text: String) -> EmbeddedFile { EmbeddedFile(name: "sample.yaml", text: text) }

    /// An entry that passes, with a host that its owner enters on line 4.
    static let entry = """
        name: sample
        title: A sample
        fields:
          - name: host
            title: Host
            pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$'
            example: api.example.com
            max_length: 200
          - name: api_key
            title: Key
            secret: true
            max_length: 200
        base_url: https://{host}/v1
        authentication:
          type: header
          name: x-api-key
          value: '{api_key}'
        verification:
          method: GET
          path: /status?verbose=0
          expected_statuses: [200]
          refused_statuses: [401, 403]
        """

    /// The entry with one piece of its text replaced.
    static func entry(_ old: String, _ new: String) -> EmbeddedFile {
        var lines = entry
        if let range = lines.firstRange(of: old) { lines.replaceSubrange(range, with: new) }
        return file(lines)
    }

    static func secrets(_ pairs: (String, String)...) -> [String: SecretBytes] {
        pairs.reduce(into: [:]) { $0[$1.0] = SecretBytes(utf8: $1.1) }
    }
}
