/// One value per set of labels: the numbers and conditions that an expression is computed from.
struct AlertTable<Value> {
    /// The maximum number of series that two tables are joined to.
    static var limit: Int { 10_000 }

    private(set) var rows: [AlertLabels: Value]

    init(_ rows: [AlertLabels: Value]) { self.rows = rows }

    /// Joins the series whose labels have equal values where they share names. A series without labels joins all.
    ///
    /// - Returns: The joined series, with the labels of both.
    func joined<Other, Result>(
        _ other: AlertTable<Other>,
        _ join: (Value, Other) -> Result
    ) -> AlertTable<Result> {
        var result: [AlertLabels: Result] = [:]
        self.forEachPair(with: other) { own, others in
            guard let left = self.rows[own], let right = other.rows[others] else { return true }
            let labels = own.union(others)
            if result[labels] == nil { result[labels] = join(left, right) }
            return result.count < Self.limit
        }
        return AlertTable<Result>(result)
    }

    /// Like ``joined(_:_:)``. Series that join none are kept.
    func joinedKeepingRest(_ other: Self, _ join: (Value, Value) -> Value) -> Self {
        var result: [AlertLabels: Value] = [:]
        var (alone, othersAlone) = (self.rows, other.rows)
        self.forEachPair(with: other) { own, others in
            guard let left = self.rows[own], let right = other.rows[others] else { return true }
            alone[own] = nil
            othersAlone[others] = nil
            let labels = own.union(others)
            if result[labels] == nil { result[labels] = join(left, right) }
            return result.count < Self.limit
        }
        return AlertTable(result.merging(alone) { first, _ in first }.merging(othersAlone) { first, _ in first })
    }

    func mapValues<Result>(_ transform: (Value) -> Result) -> AlertTable<Result> {
        AlertTable<Result>(self.rows.mapValues(transform))
    }

    /// Calls `body` with each pair until it returns false. If there may be more pairs than the limit, they are sorted, so
    /// that each evaluation has the same.
    private func forEachPair<Other>(with other: AlertTable<Other>, _ body: (AlertLabels, AlertLabels) -> Bool) {
        let isLarge = self.rows.count * other.rows.count > Self.limit
        // Usually all series of a table have the same names. After `or` there may be several groups, in a fixed order,
        // because the first pair with the same labels wins.
        func groups(_ labels: some Sequence<AlertLabels>) -> [(key: [String], value: [AlertLabels])] {
            Dictionary(grouping: labels, by: \.names).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        }
        let (ownGroups, otherGroups) =
            isLarge
            ? (groups(self.rows.keys.sorted()), groups(other.rows.keys.sorted()))
            : (groups(self.rows.keys), groups(other.rows.keys))
        for (names, own) in ownGroups {
            for (otherNames, others) in otherGroups {
                let shared = names.filter(otherNames.contains)
                func key(_ labels: AlertLabels) -> [String] { shared.map { labels[$0] ?? "" } }
                let byKey = Dictionary(grouping: others, by: key)
                for labels in own {
                    for partner in byKey[key(labels)] ?? [] {
                        guard body(labels, partner) else { return }
                    }
                }
            }
        }
    }
}
