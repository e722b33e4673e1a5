/// The labels of a series: names in alphabetical order, and their values.
package struct AlertLabels: Hashable, Sendable {
    package let names: [String]
    package let values: [String]

    package static let none = AlertLabels([:])

    package init(_ labels: [String: String]) {
        let sorted = labels.sorted { $0.key < $1.key }
        self.names = sorted.map(\.key)
        self.values = sorted.map(\.value)
    }

    /// - Parameter names: In alphabetical order, each once.
    init(sorted names: [String], _ values: [String]) {
        self.names = names
        self.values = values
    }

    package subscript(name: String) -> String? {
        self.names.firstIndex(of: name).map { self.values[$0] }
    }

    /// Both sets of labels, which have equal values where they share names.
    func union(_ other: AlertLabels) -> AlertLabels {
        if other.names.isEmpty || other.names == self.names { return self }
        if self.names.isEmpty { return other }
        return AlertLabels(self.dictionary.merging(other.dictionary) { own, _ in own })
    }

    package var dictionary: [String: String] {
        Dictionary(zip(self.names, self.values)) { first, _ in first }
    }
}

extension AlertLabels: Comparable {
    package static func < (a: AlertLabels, b: AlertLabels) -> Bool {
        a.values == b.values
            ? a.names.lexicographicallyPrecedes(b.names) : a.values.lexicographicallyPrecedes(b.values)
    }
}
