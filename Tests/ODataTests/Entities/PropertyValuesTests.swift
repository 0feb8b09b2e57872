import Testing

@testable import OData

@Suite("Properties by name")
struct PropertyValuesTests {
    @Test func `order makes no difference to equality, values and absence do`() {
        let values: PropertyValues = ["a": "1", "b": .null]
        let other: PropertyValues = ["b": .null, "a": "1"]
        #expect(values == other)
        #expect(values.hashValue == other.hashValue)
        #expect(values != ["a": "1"])
        #expect(values != ["a": "1", "b": .null, "c": .null])
        #expect(values != ["a": "2", "b": .null])
        #expect(values.names == ["a", "b"])
        #expect(other.names == ["b", "a"])
    }

    @Test func `a property that is taken away is absent, and may come back`() {
        var values: PropertyValues = ["a": "1", "b": "2"]
        values["a"] = nil
        #expect(values["a"] == nil)
        #expect(values.names == ["b"])
        #expect(values == ["b": "2"])
        #expect(values.count == 1)
        values["a"] = .null
        #expect(values["a"] == .null)
        values["c"] = nil
        #expect(values.names == ["a", "b"])
    }

    @Test func `copies don't change with each other`() {
        var values = PropertyValues()
        for number in 0..<20 { values["n\(number)"] = .int32(Int32(number)) }
        let copy = values
        values["x"] = "y"
        values["n0"] = .null
        #expect(copy.count == 20)
        #expect(copy["x"] == nil)
        #expect(copy["n0"] == .int32(0))
        var other = copy
        other["z"] = "z"
        #expect(values["z"] == nil)
        #expect((values.count, other.count, copy.count) == (21, 21, 20))
        for number in 1..<20 { #expect(values["n\(number)"] == .int32(Int32(number))) }
    }

    @Test func `ten thousand names take no quadratic time`() {
        var values = PropertyValues()
        for number in 0..<10_000 { values["n\(number)"] = .int32(Int32(number)) }
        #expect(values.count == 10_000)
        #expect(values["n9999"] == .int32(9_999))
    }

    @Test func `entities are equal by what they say, whatever was set`() {
        var entity = Entity(["a": "1"])
        let before = entity
        entity["a"] = "1"
        #expect(entity == before)
        #expect(entity.hashValue == before.hashValue)
        entity.etag = "x"
        #expect(entity != before)
    }
}
