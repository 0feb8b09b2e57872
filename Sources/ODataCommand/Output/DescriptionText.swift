import OData

/// A type for people.
struct DescriptionText {
    let lines: [String]

    init(_ type: TypeDescription, _ metadata: Metadata) {
        var lines = [Self.title(type)]
        lines += [""] + Self.fields(type).lines(width: Terminal.width)
        if !type.navigations.isEmpty { lines += [""] + Self.navigations(type).lines(width: Terminal.width) }
        if !type.operations.isEmpty { lines += [""] + type.operations.map(Self.line) }
        self.lines = lines
    }

    private static func title(_ type: TypeDescription) -> String {
        var parts = [type.set ?? type.name.name]
        if type.set != nil { parts.append("(\(type.name))") }
        if let label = type.label { parts.append("“\(label)”") }
        if type.isMediaEntity { parts.append("media") }
        if type.isOpen { parts.append("open") }
        if type.draft != nil { parts.append("drafts") }
        if let capabilities = type.capabilities { parts.append("can: " + allowed(capabilities)) }
        return parts.joined(separator: " ")
    }

    private static func allowed(_ capabilities: SetCapabilities) -> String {
        let rows: [(String, Bool)] = [
            ("read", capabilities.isReadable), ("create", capabilities.isInsertable),
            ("update", capabilities.isUpdatable),
            ("delete", capabilities.isDeletable), ("search", capabilities.isSearchable),
        ]
        return rows.filter(\.1).map(\.0).joined(separator: ", ")
    }

    private static func fields(_ type: TypeDescription) -> Table {
        var table = Table(["field", "type", "label", "notes"])
        for field in type.fields { table.add([field.name, field.type, field.presentation.label ?? "", notes(field)]) }
        return table
    }

    private static func notes(_ field: TypeDescription.Field) -> String {
        let shown = field.presentation
        var notes: [String] = []
        if field.isKey { notes.append("key") }
        if !field.isNullable, !field.isKey { notes.append("required") }
        if field.origin != nil { notes.append("extension") }
        if field.hasValueHelp { notes.append("value help") }
        if let unit = shown.unit { notes.append("unit \(unit.source)") }
        if let text = shown.text { notes.append("text \(text.path)") }
        if shown.isComputed { notes.append("computed") }
        if !shown.isCreatable, !shown.isUpdatable { notes.append("read only") }
        if !shown.isFilterable { notes.append("no filter") }
        if shown.isHidden { notes.append("hidden") }
        return notes.joined(separator: ", ")
    }

    private static func navigations(_ type: TypeDescription) -> Table {
        var table = Table(["navigation", "to", "many", "set", "label"])
        for navigation in type.navigations {
            table.add([
                navigation.name, navigation.target.name, navigation.multiplicity, navigation.targetSet ?? "",
                navigation.label ?? "",
            ])
        }
        return table
    }

    static func line(of operation: OperationDescription) -> String {
        let kind =
            switch operation.kind {
            case .function: "function"
            case .action: "action"
            }
        let parameters = operation.parameters.map { "\($0.name): \($0.type)" + ($0.isOptional ? "?" : "") }
        return "\(kind) \(operation.name)(\(parameters.joined(separator: ", ")))"
            + (operation.returnType.map { " → \($0)" } ?? "") + (operation.httpMethod.map { " [\($0)]" } ?? "")
    }
}
