import GatewaySettings

extension Panel {
    /// The data source that the dashboard's variable names.
    static let datasource: JSONValue = ["type": "prometheus", "uid": "${datasource}"]

    /// The panel in Grafana's form.
    ///
    /// - Parameters:
    ///   - id: Its number in the dashboard.
    ///   - column: The first of its columns out of 24.
    ///   - row: The first of its rows.
    func json(id: Int, column: Int, row: Int) -> JSONValue {
        var members: [JSONValue.Member] = [
            JSONValue.Member(name: "id", value: .integer(id)),
            JSONValue.Member(name: "type", value: .string(self.kind.type)),
            JSONValue.Member(name: "title", value: .string(self.title)),
            JSONValue.Member(name: "description", value: .string(self.description)),
            JSONValue.Member(name: "datasource", value: Self.datasource),
            JSONValue.Member(
                name: "gridPos",
                value: [
                    "h": .integer(self.height), "w": .integer(self.width), "x": .integer(column), "y": .integer(row),
                ]
            ),
            JSONValue.Member(name: "fieldConfig", value: self.fields),
            JSONValue.Member(name: "options", value: self.options),
            JSONValue.Member(name: "targets", value: .array(self.queries.enumerated().map(self.target))),
        ]
        if self.kind == .table { members.append(JSONValue.Member(name: "transformations", value: self.columns)) }
        return .object(members)
    }

    private func target(_ number: Int, _ query: Query) -> JSONValue {
        let isInstant = self.kind == .table || self.kind == .bars
        let format =
            switch self.kind {
            case .table: "table"
            case .heatmap: "heatmap"
            default: "time_series"
            }
        return [
            "refId": .string(Self.letter(number)),
            "datasource": Self.datasource,
            "editorMode": "code",
            "expr": .string(query.expression),
            "format": .string(format),
            "instant": .boolean(isInstant),
            "range": .boolean(!isInstant),
            "legendFormat": .string(query.name),
        ]
    }

    private static func letter(_ number: Int) -> String {
        String(UnicodeScalar(UInt8(ascii: "A") + UInt8(clamping: number)))
    }

    // MARK: Fields

    private var fields: JSONValue {
        var defaults: [JSONValue.Member] = [
            JSONValue.Member(name: "unit", value: .string(self.unit)),
            JSONValue.Member(name: "noValue", value: .string(self.noValue)),
        ]
        if self.kind != .states { defaults.append(JSONValue.Member(name: "min", value: 0)) }
        if let maximum = self.maximum { defaults.append(JSONValue.Member(name: "max", value: .number(maximum))) }
        defaults.append(JSONValue.Member(name: "color", value: self.color))
        defaults.append(JSONValue.Member(name: "thresholds", value: self.steps))
        defaults.append(JSONValue.Member(name: "mappings", value: self.mappings))
        defaults.append(JSONValue.Member(name: "custom", value: self.custom))
        return ["defaults": .object(defaults), "overrides": .array(self.columnUnits.map(Self.override))]
    }

    private static func override(_ title: String, unit: String) -> JSONValue {
        [
            "matcher": ["id": "byName", "options": .string(title)],
            "properties": [["id": "unit", "value": .string(unit)]],
        ]
    }

    private var color: JSONValue {
        switch self.kind {
        case .number, .bars, .states: ["mode": "thresholds"]
        case .lines, .areas: ["mode": "palette-classic"]
        case .heatmap, .table: ["mode": "fixed", "fixedColor": "text"]
        }
    }

    private var steps: JSONValue {
        let steps =
            self.thresholds.isEmpty ? [Threshold(color: self.kind == .number ? "blue" : "green")] : self.thresholds
        let values = steps.map { step -> JSONValue in
            ["color": .string(step.color), "value": step.from.map { .number($0) } ?? .null]
        }
        return ["mode": "absolute", "steps": .array(values)]
    }

    private var mappings: JSONValue {
        if self.words.isEmpty { return [] }
        let options = self.words.enumerated().map { index, word in
            JSONValue.Member(
                name: String(word.value),
                value: ["index": .integer(index), "text": .string(word.text), "color": .string(word.color)]
            )
        }
        return [["type": "value", "options": .object(options)]]
    }

    private var custom: JSONValue {
        switch self.kind {
        case .lines, .areas:
            [
                "drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "showPoints": "never",
                "fillOpacity": .integer(self.kind == .areas ? 40 : 10), "gradientMode": "none", "spanNulls": false,
                "stacking": ["group": "A", "mode": .string(self.kind == .areas ? "normal" : "none")],
                "axisPlacement": "auto", "axisSoftMin": 0,
                "thresholdsStyle": ["mode": .string(self.thresholds.isEmpty ? "off" : "dashed")],
            ]
        case .states: ["fillOpacity": 70, "lineWidth": 0]
        case .table: ["align": "auto", "cellOptions": ["type": "auto"], "filterable": true]
        case .heatmap: ["scaleDistribution": ["type": "linear"]]
        case .number, .bars: [:]
        }
    }

    // MARK: Options

    private var options: JSONValue {
        let last: JSONValue = ["calcs": ["lastNotNull"], "fields": "", "values": false]
        switch self.kind {
        case .lines, .areas:
            return [
                "legend": [
                    "displayMode": "table", "placement": "bottom", "showLegend": true,
                    "calcs": ["mean", "max", "lastNotNull"],
                    "sortBy": "Last *", "sortDesc": true,
                ],
                "tooltip": ["mode": "multi", "sort": "desc"],
            ]
        case .number:
            return [
                "reduceOptions": last, "colorMode": "value", "graphMode": "area", "justifyMode": "auto",
                "orientation": "auto", "textMode": "auto", "wideLayout": true,
            ]
        case .bars:
            return [
                "reduceOptions": last, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true,
                "valueMode": "color", "namePlacement": "auto", "sizing": "auto",
            ]
        case .states:
            return [
                "alignValue": "left", "mergeValues": true, "rowHeight": 0.9, "showValue": "auto",
                "legend": ["displayMode": "list", "placement": "bottom", "showLegend": true],
                "tooltip": ["mode": "single", "sort": "none"],
            ]
        case .heatmap:
            return [
                "calculate": false, "cellGap": 1, "yAxis": ["unit": .string(self.unit), "axisPlacement": "left"],
                "cellValues": ["unit": "short"], "filterValues": ["le": 1e-9], "showValue": "never",
                "color": [
                    "mode": "scheme", "scheme": "Turbo", "exponent": 0.5, "fill": "dark-orange", "reverse": false,
                    "scale": "exponential", "steps": 64,
                ],
                "legend": ["show": true], "rowsFrame": ["layout": "auto"],
                "tooltip": ["mode": "single", "showColorScale": false, "yHistogram": true],
            ]
        case .table:
            return [
                "cellHeight": "sm", "showHeader": true, "footer": ["show": false, "reducer": ["sum"], "fields": ""],
            ]
        }
    }

    /// One row per label set, with a column per query.
    private var columns: JSONValue {
        let names = self.queries.enumerated().map { number, query in
            JSONValue.Member(name: "Value #\(Self.letter(number))", value: .string(query.name))
        }
        return [
            ["id": "merge", "options": [:]],
            [
                "id": "organize",
                "options": ["excludeByName": ["Time": true], "renameByName": .object(names), "indexByName": [:]],
            ],
        ]
    }
}

extension Panel.Kind {
    fileprivate var type: String {
        switch self {
        case .lines, .areas: "timeseries"
        case .number: "stat"
        case .bars: "bargauge"
        case .states: "state-timeline"
        case .heatmap: "heatmap"
        case .table: "table"
        }
    }
}
