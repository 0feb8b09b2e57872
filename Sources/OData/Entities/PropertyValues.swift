/// Names and their values, in order; entities of one feed share the names.
///
/// A value is found by its name in constant time. Unknown (extension) properties stand beside those of the metadata. Equality
/// is that of the values by name, in whatever order.
public struct PropertyValues: Sendable {
    /// Which names stand in which place. Shared, and copied when a name is added.
    var layout: PropertyLayout
    /// As many as the layout has names at most; nil is a property that the payload didn't have.
    var slots: [ODataValue?]

    /// No properties.
    public init() {
        layout = .empty
        slots = []
    }

    init(layout: PropertyLayout, slots: [ODataValue?]) { (self.layout, self.slots) = (layout, slots) }
}
