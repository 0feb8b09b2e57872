import Foundation
import StrictJSON
import TestSupport
import Testing
import Yams

/// `docs/openapi.yaml` as JSON, with merge keys applied.
struct OpenAPIDocument: Sendable {
    struct Operation: Sendable, CustomStringConvertible {
        let method: String
        let path: String
        let isDataPlane: Bool
        /// The operation's own object.
        let node: JSONValue
        /// The path's parameters and the operation's, without references.
        let parameters: [JSONValue]

        var description: String { "\(method) \(path)" }
        /// Names of the parameters in the path.
        var pathNames: [String] { parameters.filter { $0["in"]?.string == "path" }.compactMap { $0["name"]?.string } }

        /// The path with the examples of its parameters, or the values given.
        func filled(_ values: [String: String] = [:]) -> String {
            parameters.reduce(path) { path, parameter in
                let name = parameter["name"]?.string ?? ""
                return path.replacing("{\(name)}", with: values[name] ?? parameter["example"]?.string ?? "")
            }
        }
    }

    static let file = Binary.packageRoot + "/docs/openapi.yaml"

    let root: JSONValue

    init() throws {
        let text = TextFiles.read(Self.file)
        root = try #require(try Yams.compose(yaml: text)).asJSON
    }

    /// In the order of the file.
    var operations: [Operation] {
        let methods = ["get", "post", "put", "patch", "delete", "head", "options"]
        return (root["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).filter { methods.contains($0.key) }.map { member in
                let parameters =
                    (path.value["parameters"]?.elements ?? []) + (member.value["parameters"]?.elements ?? [])
                return Operation(
                    method: member.key.uppercased(), path: path.key, isDataPlane: path.value["servers"] != nil,
                    node: member.value, parameters: parameters.map(resolved))
            }
        }
    }

    /// What a `$ref` names, or the value itself.
    func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        let target = reference.dropFirst(2).split(separator: "/").reduce(Optional(root)) { $0?[String($1)] }
        return target.map(resolved) ?? .null
    }

    /// The response object of a status: by number, else `default`.
    func response(_ operation: Operation, _ status: Int) -> JSONValue? {
        let responses = operation.node["responses"]
        return (responses?["\(status)"] ?? responses?["default"]).map(resolved)
    }

    /// The lowest 2xx status that the operation documents.
    func success(_ operation: Operation) -> Int? {
        (operation.node["responses"]?.members ?? []).compactMap { Int($0.key) }.filter { (200...299).contains($0) }
            .min()
    }
}

extension Node {
    /// By YAML's core schema; mappings take in what their merge keys name.
    fileprivate var asJSON: JSONValue {
        switch self {
        case .scalar(let scalar): return Self.value(scalar)
        case .sequence(let elements): return .array(elements.map(\.asJSON))
        case .mapping(let members):
            var result: [JSONMember] = []
            for (key, value) in members {
                if key.string == "<<" {
                    result += value.asJSON.members ?? []
                } else {
                    result.append(JSONMember(key.string ?? "", value.asJSON))
                }
            }
            return .object(result)
        case .alias: return .null
        }
    }

    private static func value(_ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain else { return .string(scalar.string) }
        switch scalar.string {
        case "null", "~", "": return .null
        case "true": return true
        case "false": return false
        default: break
        }
        return Int64(scalar.string).map { .int($0) } ?? .string(scalar.string)
    }
}
