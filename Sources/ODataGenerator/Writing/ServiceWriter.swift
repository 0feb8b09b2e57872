internal import OData

/// Writes the service's own type: its sets as queries, its operations as methods.
struct ServiceWriter {
    private let plan: ServicePlan
    private let options: GeneratorOptions
    private var access: String { options.access }
    private let documentation: FieldDocumentation

    init(_ plan: ServicePlan, _ options: GeneratorOptions) {
        (self.plan, self.options) = (plan, options)
        documentation = FieldDocumentation(metadata: plan.metadata)
    }

    func text() -> String {
        let operations = plan.operations()
        var swift = SwiftText()
        options.writeHead(&swift)
        swift.doc(["The service \(SwiftText.plain(options.serviceName)): its sets and operations, for a client of it."])
        swift.block("\(access)struct \(plan.serviceTypeName): Sendable") { swift in
            swift.line("\(access)let client: ODataClient")
            swift.line()
            swift.line("\(access)init(client: ODataClient) { self.client = client }")
        }
        writeSets(&swift)
        guard !operations.isEmpty else { return swift.text }
        swift.line()
        swift.line("// MARK: - Functions and actions")
        swift.line()
        swift.block("extension \(plan.serviceTypeName)") { swift in
            for (index, operation) in operations.enumerated() {
                if index > 0 { swift.line() }
                write(operation, &swift)
            }
        }
        if operations.contains(where: { $0.result?.kind == .convertible }) { writeDecoding(&swift) }
        return swift.text
    }

    private func writeSets(_ swift: inout SwiftText) {
        guard !plan.entitySets.isEmpty || !plan.singletons.isEmpty else { return }
        var scope = plan.scope(ReservedNames.serviceMembers)
        swift.line()
        swift.line("// MARK: - Entity sets and singletons")
        swift.line()
        swift.block("extension \(plan.serviceTypeName)") { swift in
            let sets = plan.entitySets.map { ($0.name, $0.type, $0.annotations, $0.sap) }
            let singletons = plan.singletons.map { ($0.name, $0.type, $0.annotations, SAPAttributes()) }
            for (index, (name, type, annotations, sap)) in (sets + singletons).enumerated() {
                if index > 0 { swift.line() }
                let label = documentation.label(annotations, sap).map { $0 + ". " } ?? ""
                let typed = plan.swiftNames[type].map { "``\($0)``" } ?? "entities"
                swift.doc([label + documentation.code(name) + ", of \(typed)."])
                let member = SwiftIdentifier.escaped(scope.unused(SwiftIdentifier.set(name), suffix: "Set"))
                swift.line("\(access)static var \(member): Query { Query(\(SwiftText.literal(name))) }")
            }
        }
    }

    // MARK: Operations

    private func write(_ operation: OperationPlan, _ swift: inout SwiftText) {
        swift.doc(operation.documentation + notes(operation))
        if operation.result != nil && operation.kind == .action { swift.line("@discardableResult") }
        var parameters = operation.isBound ? ["on binding: Query"] : []
        parameters += operation.parameters.map {
            "\(SwiftIdentifier.parameter($0.swiftName)): \($0.type.text)" + ($0.isNullable ? "? = nil" : "")
        }
        swift.list(
            "\(access)func \(SwiftIdentifier.escaped(operation.swiftName))(",
            parameters + ["_ options: RequestOptions = RequestOptions()"],
            ") async throws(ODataError)\(result(operation)) {")
        swift.indented { swift in body(operation, &swift) }
        swift.line("}")
    }

    private func notes(_ operation: OperationPlan) -> [String] {
        guard let result = operation.result, result.isCollection, result.kind != .convertible else { return [] }
        return ["Gives the first page of the result; `ODataClient.call(_:_:)` tells whether there are more."]
    }

    private func result(_ operation: OperationPlan) -> String {
        guard let result = operation.result else { return "" }
        return " -> " + result.text + (result.isCollection && result.kind != .convertible ? "" : "?")
    }

    private func body(_ operation: OperationPlan, _ swift: inout SwiftText) {
        let binding = operation.isBound ? ", on: binding" : ""
        let name = SwiftText.literal(operation.name)
        let keyword = operation.parameters.isEmpty ? "let" : "var"
        let kind = operation.kind == .action ? "action" : "function"
        swift.line("\(keyword) call = OperationCall(\(name)\(binding), kind: .\(kind))")
        for parameter in operation.parameters { write(parameter, &swift) }
        guard let result = operation.result else {
            swift.line("_ = try await client.call(call, options)")
            return
        }
        swift.line("let result = try await client.call(call, options)")
        switch (result.kind, result.isCollection) {
        case (.entity, false): swift.line("return result.entity.map { \(result.element)(entity: $0) }")
        case (.entity, true):
            swift.line("return (result.entities?.entities ?? []).map { \(result.element)(entity: $0) }")
        case (.untypedEntity, false): swift.line("return result.entity")
        case (.untypedEntity, true): swift.line("return result.entities?.entities ?? []")
        case (.stream, _):
            swift.line("if case .stream(let stream)? = result.value { return stream } else { return nil }")
        case (.anything, _): swift.line("return result.value")
        case (.convertible, _): swift.line("return try decoded(result.value)")
        }
    }

    private func write(_ parameter: OperationPlan.Parameter, _ swift: inout SwiftText) {
        let name = SwiftText.literal(parameter.name)
        func append(_ value: String) -> String { "call.parameters.append(OperationCall.Parameter(\(name), \(value)))" }
        let variable = parameter.escapedName
        guard parameter.isNullable else { return swift.line(append(value(parameter.type, variable))) }
        if parameter.isLeftOut {
            swift.line("if let \(variable) { \(append(value(parameter.type, variable))) }")
        } else if parameter.type.kind == .convertible {
            swift.line(append(variable + ".odataValue"))
        } else {
            swift.line(append("\(variable).map { \(value(parameter.type, "$0")) } ?? .null"))
        }
    }

    private func value(_ type: SwiftType, _ variable: String) -> String {
        switch (type.kind, type.isCollection) {
        case (.convertible, _): variable + ".odataValue"
        case (.anything, _): variable
        case (.stream, _): ".stream(\(variable))"
        case (.entity, false): ".entity(\(variable).entity)"
        case (.entity, true): ".entities(EntityCollection(\(variable).map(\\.entity)))"
        case (.untypedEntity, false): ".entity(\(variable))"
        case (.untypedEntity, true): ".entities(EntityCollection(\(variable)))"
        }
    }

    private func writeDecoding(_ swift: inout SwiftText) {
        swift.line()
        swift.block("extension \(plan.serviceTypeName)") { swift in
            swift.line(
                "private func decoded<Value: ODataConvertible>(_ value: ODataValue?) throws(ODataError) -> Value? {")
            swift.indented { swift in
                swift.line("guard let value, value != .null else { return nil }")
                swift.line("do { return try Value(odataValue: value) } catch { throw .value(error) }")
            }
            swift.line("}")
        }
    }
}
