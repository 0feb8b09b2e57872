/// One thing that the owner of an account enters.
package struct ProviderField: Sendable {
    /// Lower-case letters, digits and `_`, beginning with a letter; at most 63 characters.
    package let name: String
    /// For people.
    package let title: String
    /// Kept in the vault only; never shown, never part of a URL.
    package let isSecret: Bool
    package let isRequired: Bool
    /// What a value must match as a whole; nil takes any value without control characters.
    package let pattern: FieldPattern?
    package let example: String?
    /// Used where no value is given; never for a secret.
    package let defaultValue: String?
    /// In bytes of UTF-8.
    package let maxLength: Int
}
