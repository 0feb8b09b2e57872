/// Reads one `Common.ValueList` or `Common.ValueListMapping`.
struct ValueListReader {
    /// The document that the annotation is of.
    let document: Metadata
    let property: String
    let record: AnnotationRecord

    /// - Returns: nil without a collection, which a list can't be asked for.
    func read() -> ValueHelp? {
        guard let path = record["CollectionPath"]?.constantText, !path.isEmpty else { return nil }
        var help = ValueHelp(for: property, collectionPath: path, version: document.version)
        help.label = record["Label"]?.constantText
        help.service = record["CollectionRoot"]?.constantText.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        help.parameters = parameters()
        help.fetchValues = record["FetchValues"]?.constantInteger
        help.presentationVariantQualifier = record["PresentationVariantQualifier"]?.constantText
        help.selectionVariantQualifier = record["SelectionVariantQualifier"]?.constantText
        let set = help.service == nil ? document.entitySet(path) : nil
        help.isSearchSupported = record["SearchSupported"]?.constantFlag ?? isSearchable(set)
        if let set { adapt(&help, to: set) }
        // Without a text association the first column that is shown only is the best guess.
        help.descriptionPath = help.descriptionPath ?? help.parameters.first { $0.direction == .display }?.column
        return help
    }

    /// What the set says for itself; a default is no promise.
    private func isSearchable(_ set: EntitySet?) -> Bool {
        guard let set else { return false }
        let says = set.sap["searchable"] != nil || set.annotations.first(.capabilities, "SearchRestrictions") != nil
        return says && document.capabilities(of: set).isSearchable
    }

    /// Adds what the list's own type says.
    private func adapt(_ help: inout ValueHelp, to set: EntitySet) {
        dropUnknownColumns(&help, set.type)
        if let key = help.keyColumn { help.descriptionPath = document.text(of: key, in: set.type)?.path }
        let columns = help.parameters.map(\.column) + (help.descriptionPath.map { [$0] } ?? [])
        help.textColumns = Set(columns.filter { isText($0, set.type) })
        guard let qualifier = help.presentationVariantQualifier else { return }
        let variants = document.annotations(ofType: set.type) + set.annotations
        let variant = variants.first(.ui, "PresentationVariant", qualifier: qualifier.isEmpty ? nil : qualifier)
        for item in variant?.value.record?["SortOrder"]?.elements ?? [] {
            guard let order = item.record, let column = order["Property"]?.typedPath else { continue }
            help.order.append(ValueHelp.Order(column, isDescending: order["Descending"]?.constantFlag == true))
        }
    }

    /// Documents of SAP's name columns that the list lacks (`MaterialGroup` of a list with `ProductGroup` alone): a query for
    /// them would be refused. The field's own column is the list's key then, if that is one property.
    private func dropUnknownColumns(_ help: inout ValueHelp, _ type: QualifiedName) {
        guard document.structuredType(type) != nil else { return }
        let key = document.keyProperties(of: type)
        let column = help.keyColumn
        help.parameters.removeAll { document.property(atPath: $0.column, from: type) == nil }
        guard column != nil, help.keyColumn == nil, key.count == 1 else { return }
        help.parameters.removeAll { $0.column == key[0].path && $0.localPath == nil }
        help.parameters.insert(ValueHelp.Parameter(.inOut, local: property, column: key[0].path), at: 0)
    }

    private func isText(_ column: String, _ type: QualifiedName) -> Bool {
        guard let property = document.property(atPath: column, from: type) else { return false }
        let resolved = document.resolved(property.type)
        return resolved.base == .primitive(.string) && !resolved.isCollection
    }

    private func parameters() -> [ValueHelp.Parameter] {
        (record["Parameters"]?.elements ?? []).compactMap { $0.record }.compactMap { parameter($0) }
    }

    private func parameter(_ item: AnnotationRecord) -> ValueHelp.Parameter? {
        guard let column = item["ValueListProperty"]?.typedPath else { return nil }
        let local = item["LocalDataProperty"]?.typedPath
        guard let direction = direction(item, local) else { return nil }
        var parameter = ValueHelp.Parameter(direction, local: local, column: column)
        parameter.initialValueIsSignificant = item["InitialValueIsSignificant"]?.constantFlag == true
        return parameter
    }

    /// The record's type tells; a record without one is told by its members.
    private func direction(_ item: AnnotationRecord, _ local: String?) -> ValueHelp.Parameter.Direction? {
        switch item.type?.name {
        case "ValueListParameterIn": return .in
        case "ValueListParameterOut": return .out
        case "ValueListParameterInOut": return .inOut
        case "ValueListParameterConstant": return item["Constant"].flatMap { constant($0) }.map { .constant($0) }
        case "ValueListParameterDisplayOnly": return .display
        case "ValueListParameterFilterOnly": return .filter
        default:
            if let value = item["Constant"] { return constant(value).map { .constant($0) } }
            return local == nil ? .display : .inOut
        }
    }

    /// Constants whose type no annotation tells are text.
    private func constant(_ value: AnnotationExpression) -> ODataValue? {
        switch value {
        case .boolean(let flag): .boolean(flag)
        case .int(let number): Int32(exactly: number).map { .int32($0) } ?? .int64(number)
        case .decimal(let number): .decimal(number)
        case .float(let number): .double(number)
        case .string(let text): .string(text)
        default: nil
        }
    }
}
