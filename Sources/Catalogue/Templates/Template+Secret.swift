package import Sodium

extension Template {
    /// The text with values in their places, in secret memory, as they are.
    ///
    /// - Throws: `.missingField`.
    package func expand(
        _ fields: [String: String], _ secrets: [String: SecretBytes]
    ) throws(ExpansionError) -> SecretBytes {
        var buffer = SecretBuffer(minimumCapacity: 128)
        for part in parts {
            switch part {
            case .literal(let text):
                buffer.append(utf8: text)
            case .placeholder(let name):
                if let secret = secrets[name] {
                    buffer.append(secret)
                } else if let value = fields[name] {
                    buffer.append(utf8: value)
                } else {
                    throw .missingField(name)
                }
            }
        }
        return buffer.finish()
    }

    /// The text with plain values in their places, as they are.
    package func expand(_ fields: [String: String]) throws(ExpansionError) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal):
                text += literal
            case .placeholder(let name):
                guard let value = fields[name] else { throw .missingField(name) }
                text += value
            }
        }
        return text
    }
}
