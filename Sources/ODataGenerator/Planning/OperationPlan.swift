internal import OData

/// A function or action as a method of the service's type.
struct OperationPlan {
    struct Parameter {
        let name: String
        let swiftName: String
        let type: SwiftType
        /// May be nil.
        let isNullable: Bool
        /// Is left out of the call when it is nil, instead of given as null.
        let isLeftOut: Bool

        var escapedName: String { SwiftIdentifier.escaped(swiftName) }
    }

    /// Of an import, or qualified if it is bound.
    let name: String
    let swiftName: String
    let kind: OData.Operation.Kind
    let isBound: Bool
    let parameters: [Parameter]
    /// nil for nothing.
    let result: SwiftType?
    let documentation: [String]

    /// What Swift tells methods apart by, besides types.
    var signature: String { swiftName + "(" + parameters.map { $0.swiftName + ":" }.joined() + ")" }
}

extension ServicePlan {
    /// Imports in the document's order, then bound operations of the types that are generated.
    func operations() -> [OperationPlan] {
        var plans: [OperationPlan] = []
        for operation in operationImports {
            for overload in metadata.operations(operation.operation) where !overload.isBound {
                plans.append(plan(overload, name: operation.name, operation.annotations, operation.sap))
            }
        }
        var seen: Set<String> = []
        for entity in entities {
            for isCollection in [false, true] {
                for operation in metadata.boundOperations(of: entity.model.name, collection: isCollection) {
                    let key = "\(operation.name) \(operation.parameters.map { "\($0.name) \($0.type.base)" })"
                    guard seen.insert(key).inserted else { continue }
                    plans.append(plan(operation, name: operation.name.description, [], SAPAttributes()))
                }
            }
        }
        return distinct(plans)
    }

    /// Methods of one name and labels get numbers.
    private func distinct(_ plans: [OperationPlan]) -> [OperationPlan] {
        var taken: Set<String> = []
        return plans.map { plan in
            var (number, candidate) = (1, plan)
            while !taken.insert(candidate.signature + (candidate.isBound ? " bound" : "")).inserted {
                number += 1
                candidate = plan.named(plan.swiftName + String(number))
            }
            return candidate
        }
    }

    private func plan(
        _ operation: OData.Operation, name: String, _ annotations: [Annotation], _ sap: SAPAttributes
    ) -> OperationPlan {
        let documentation = FieldDocumentation(metadata: metadata)
        var scope = self.scope(ReservedNames.parameters)
        let given = operation.parameters.dropFirst(operation.isBound ? 1 : 0)
        let parameters = given.map { parameter in
            OperationPlan.Parameter(
                name: parameter.name,
                swiftName: scope.unused(SwiftIdentifier.member(parameter.name), suffix: "Parameter"),
                type: swiftType(parameter.type),
                isNullable: parameter.isOptional || parameter.type.isNullable && !parameter.type.isCollection,
                isLeftOut: parameter.isOptional || metadata.version == .v2)
        }
        var methods = self.scope(ReservedNames.serviceMembers)
        let base = operation.isBound ? operation.name.name : name
        let label = documentation.label(annotations, sap) ?? documentation.label(operation.annotations, SAPAttributes())
        let kind = operation.kind == .action ? "action" : "function"
        let binding = operation.isBound ? operation.parameters.first.map { bindingText($0.type, documentation) } : nil
        return OperationPlan(
            name: name, swiftName: methods.unused(SwiftIdentifier.member(base), suffix: "Operation"),
            kind: operation.kind, isBound: operation.isBound, parameters: Array(parameters),
            result: operation.returnType.map { swiftType($0) },
            documentation: [
                (label.map { $0 + ". " } ?? "") + "The \(kind) " + documentation.code(base) + (binding ?? "") + "."
            ])
    }

    private func bindingText(_ type: TypeReference, _ documentation: FieldDocumentation) -> String {
        let name = type.typeName.map { documentation.code($0.name) } ?? "anything"
        return type.isCollection ? ", on a collection of \(name)" : ", on \(name)"
    }
}

extension OperationPlan {
    fileprivate func named(_ name: String) -> OperationPlan {
        OperationPlan(
            name: self.name, swiftName: name, kind: kind, isBound: isBound, parameters: parameters, result: result,
            documentation: documentation)
    }
}
