/// A property that must hold for every input, but does not hold for this one.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String
}

func hold(_ condition: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    guard !condition else { return }
    throw BrokenProperty(description: property())
}
