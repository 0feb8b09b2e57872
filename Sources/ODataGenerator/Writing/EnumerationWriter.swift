internal import OData

/// Writes an enumeration type: an enum that keeps members it doesn't know, or a set of names for flags.
struct EnumerationWriter {
    private struct Case {
        let member: EnumerationType.Member
        let swiftName: String
        var escapedName: String { SwiftIdentifier.escaped(swiftName) }
        var literal: String { SwiftText.literal(member.name) }
    }

    private let plan: ServicePlan
    private let options: GeneratorOptions
    private var access: String { options.access }
    private let documentation: FieldDocumentation

    init(_ plan: ServicePlan, _ options: GeneratorOptions) {
        (self.plan, self.options) = (plan, options)
        documentation = FieldDocumentation(metadata: plan.metadata)
    }

    func text(of type: ServicePlan.Named<EnumerationType>) -> String {
        var scope = plan.scope(ReservedNames.enumerationMembers)
        let cases = type.model.members.map { member in
            Case(member: member, swiftName: scope.unused(SwiftIdentifier.member(member.name), suffix: "Member"))
        }
        var swift = SwiftText()
        options.writeHead(&swift)
        swift.doc([documentation.label(type.model.annotations, SAPAttributes()) ?? ""])
        if type.model.isFlags {
            writeFlags(type, cases, &swift)
        } else {
            writeEnum(type, cases, &swift)
        }
        return swift.text
    }

    private func writeDocumentation(_ item: Case, _ swift: inout SwiftText) {
        swift.doc([documentation.label(item.member.annotations, SAPAttributes()) ?? ""])
    }

    // MARK: One member

    private func writeEnum(
        _ type: ServicePlan.Named<EnumerationType>, _ cases: [Case], _ swift: inout SwiftText
    ) {
        swift.block("\(access)enum \(type.swiftName): ODataConvertible, Hashable") { swift in
            for item in cases {
                writeDocumentation(item, &swift)
                swift.line("case \(item.escapedName)")
            }
            swift.doc(["A member that came after this code, by its name or number."])
            swift.line("case unknown(String)")
            swift.line()
            QualifiedNameText.write("\(access)static let typeName", type.model.name, &swift)
            swift.line()
            writeReading(cases, &swift)
            swift.line()
            swift.doc(["As the service calls it."])
            swift.block("\(access)var name: String") { swift in
                swift.line("switch self {")
                for item in cases { swift.line("case .\(item.escapedName): \(item.literal)") }
                swift.line("case .unknown(let name): name")
                swift.line("}")
            }
            swift.line()
            swift.line(
                "\(access)var odataValue: ODataValue { .enumeration(EnumerationValue(name, of: Self.typeName)) }")
        }
    }

    /// By name, or by number where no member before has the same.
    private func writeReading(_ cases: [Case], _ swift: inout SwiftText) {
        swift.block("\(access)init(odataValue: ODataValue) throws(ValueError)") { swift in
            swift.line("switch try EnumerationValue(odataValue: odataValue).members {")
            let names = Set(cases.map(\.member.name))
            var taken: Set<String> = []
            for item in cases {
                let number = String(item.member.value)
                let isNew = !names.contains(number) && taken.insert(number).inserted
                let texts = [item.member.name].filter { taken.insert($0).inserted } + (isNew ? [number] : [])
                guard !texts.isEmpty else { continue }
                let pattern = texts.map(SwiftText.literal).joined(separator: ", ")
                swift.line("case \(pattern): self = .\(item.escapedName)")
            }
            swift.line("case let name: self = .unknown(name)")
            swift.line("}")
        }
    }

    // MARK: Flags

    private func writeFlags(
        _ type: ServicePlan.Named<EnumerationType>, _ cases: [Case], _ swift: inout SwiftText
    ) {
        let name = type.swiftName
        swift.block("\(access)struct \(name): ODataConvertible, Hashable, ExpressibleByArrayLiteral") { swift in
            for item in cases {
                writeDocumentation(item, &swift)
                swift.line("\(access)static let \(item.escapedName) = \(name)(names: [\(item.literal)])")
            }
            swift.line()
            QualifiedNameText.write("\(access)static let typeName", type.model.name, &swift)
            swift.line()
            swift.doc([
                "As the service calls them; members that came after this code are among them, by name or number."
            ])
            swift.line("\(access)var names: Set<String>")
            swift.line()
            swift.line("\(access)init(names: Set<String>) { self.names = names }")
            swift.line()
            swift.block("\(access)init(arrayLiteral elements: \(name)...)") { swift in
                swift.line("names = elements.reduce(into: []) { $0.formUnion($1.names) }")
            }
            swift.line()
            swift.block("\(access)init(odataValue: ODataValue) throws(ValueError)") { swift in
                swift.line("let members = try EnumerationValue(odataValue: odataValue).members")
                swift.line("names = Set(members.split(separator: \",\").map { String($0.drop { $0 == \" \" }) })")
            }
            swift.line()
            swift.line("\(access)func contains(_ other: \(name)) -> Bool { names.isSuperset(of: other.names) }")
            swift.line()
            swift.block("\(access)var odataValue: ODataValue") { swift in
                swift.line(".enumeration(EnumerationValue(names.sorted().joined(separator: \",\"), of: Self.typeName))")
            }
        }
    }
}
