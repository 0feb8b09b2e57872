/// A text file of the source tree as it was when the program was compiled.
package struct EmbeddedFile: Hashable, Sendable {
    /// Without folders: `0001_create_environments.sql`.
    package let name: String
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}
