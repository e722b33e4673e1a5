import GatewaySettings

/// A panel of a dashboard.
struct Panel {
    /// How it shows its values.
    enum Kind {
        /// Lines over time.
        case lines
        /// Areas over time, one on top of the other.
        case areas
        /// One number with a sparkline.
        case number
        /// A bar per series, of now.
        case bars
        /// The states of each series over time.
        case states
        /// The distribution of durations over time.
        case heatmap
        /// A row per series, of now: the queries are its columns.
        case table
    }

    /// One expression.
    struct Query {
        var expression: String
        /// The name of a series, with labels in braces: `{{route}}`. The column's title in a table.
        var name: String

        init(_ name: String, _ expression: String) {
            self.expression = expression
            self.name = name
        }
    }

    /// A value from which a color applies.
    struct Threshold {
        /// nil for the lowest.
        var from: Double?
        var color: String
    }

    var title: String
    var kind: Kind
    /// A unit of Grafana: `s`, `reqps`, `percentunit`, `short`.
    var unit: String
    /// What it shows and what to look for, for people.
    var description: String
    /// What it says without data.
    var noValue: String
    var queries: [Query]
    /// Columns out of 24.
    var width: Int
    /// In units of 30 pixels.
    var height: Int
    var maximum: Double?
    var thresholds: [Threshold] = []
    /// Words for values.
    var words: [(value: Int, text: String, color: String)] = []
    /// The units of a table's columns that have others, by their title.
    var columnUnits: [(title: String, unit: String)] = []

    init(
        _ title: String,
        _ kind: Kind,
        unit: String,
        width: Int = 12,
        height: Int? = nil,
        description: String,
        noValue: String,
        _ queries: Query...
    ) {
        self.title = title
        self.kind = kind
        self.unit = unit
        self.width = width
        self.height = height ?? (kind == .number ? 4 : 8)
        self.description = description
        self.noValue = noValue
        self.queries = queries
    }

    /// Colors numbers: green, from `warning` on orange, from `critical` on red.
    func warning(from warning: Double, critical: Double) -> Panel {
        var panel = self
        panel.thresholds = [
            Threshold(color: "green"), Threshold(from: warning, color: "orange"),
            Threshold(from: critical, color: "red"),
        ]
        return panel
    }

    /// Colors numbers: red, from `warning` on orange, from `good` on green.
    func warning(below good: Double, critical warning: Double) -> Panel {
        var panel = self
        panel.thresholds = [
            Threshold(color: "red"), Threshold(from: warning, color: "orange"), Threshold(from: good, color: "green"),
        ]
        return panel
    }

    /// Says what values mean.
    func words(_ words: (value: Int, text: String, color: String)...) -> Panel {
        var panel = self
        panel.words = words
        return panel
    }

    func maximum(_ maximum: Double) -> Panel {
        var panel = self
        panel.maximum = maximum
        return panel
    }

    func columns(_ units: (title: String, unit: String)...) -> Panel {
        var panel = self
        panel.columnUnits = units
        return panel
    }
}
