internal import OData

/// Writes a complex type.
struct ComplexWriter {
    private let plan: ServicePlan
    private let options: GeneratorOptions
    private var access: String { options.access }

    init(_ plan: ServicePlan, _ options: GeneratorOptions) { (self.plan, self.options) = (plan, options) }

    func text(of type: ServicePlan.Named<StructuredType>) -> String {
        var scope = plan.scope(ReservedNames.complexMembers)
        let members = plan.members(of: type.model, &scope) + plan.navigations(of: type.model, &scope)
        let writer = MemberWriter(access: access, storage: "value")
        let documentation = FieldDocumentation(metadata: plan.metadata)
        var swift = SwiftText()
        options.writeHead(&swift)
        swift.doc([
            documentation.label(type.model.annotations, type.model.sap) ?? "",
            "Properties are nil where there is no value that fits their type; `value` tells which.",
        ])
        swift.block("\(access)struct \(type.swiftName): ODataConvertible, Hashable") { swift in
            QualifiedNameText.write("\(access)static let typeName", type.model.name, &swift)
            swift.line()
            swift.line("\(access)var value: ComplexValue")
            swift.line()
            swift.line("\(access)init() { value = ComplexValue(of: Self.typeName) }")
            swift.line()
            swift.block("\(access)init(odataValue: ODataValue) throws(ValueError)") { swift in
                swift.line("value = try ComplexValue(odataValue: odataValue)")
            }
            swift.line()
            swift.line("\(access)var odataValue: ODataValue { .complex(value) }")
        }
        guard !members.isEmpty else { return swift.text }
        swift.line()
        swift.block("extension \(type.swiftName)") { swift in writer.write(members, &swift) }
        swift.line()
        swift.line("// MARK: - Names for filters, selections and orders")
        swift.line()
        swift.block("extension \(type.swiftName)") { swift in writer.writeNames(members, &swift) }
        return swift.text
    }
}
