/// What should hold for every input, and does not for this one.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String
}

func hold(_ condition: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    guard !condition else { return }
    throw BrokenProperty(description: property())
}
