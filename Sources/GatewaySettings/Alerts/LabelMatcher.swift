/// A condition on a label of a series: `route='users'`.
package struct LabelMatcher: Hashable, Sendable {
    package enum Test: Hashable, Sendable {
        case equal(String)
        case notEqual(String)
        case pattern(LabelPattern)
    }

    package let label: String
    package let test: Test

    package init(_ label: String, _ test: Test) {
        self.label = label
        self.test = test
    }

    package func matches(_ value: String) -> Bool {
        switch self.test {
        case .equal(let wanted): value == wanted
        case .notEqual(let unwanted): value != unwanted
        case .pattern(let pattern): pattern.matches(value)
        }
    }
}
