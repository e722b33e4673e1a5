import GatewaySettings

/// A dashboard of Grafana.
package struct Dashboard {
    /// Panels under a heading. They fill lines of 24 columns from left to right.
    struct Section {
        let title: String
        let panels: [Panel]

        init(_ title: String, _ panels: Panel...) {
            self.title = title
            self.panels = panels
        }
    }

    /// A choice above the panels.
    struct Variable {
        let name: String
        let label: String
        /// The metric whose label values are offered.
        let metric: String
        /// Whether it is not offered here, but kept for the dashboards that are linked.
        var isHidden = false
    }

    /// The file's name without its ending.
    package let name: String
    let title: String
    let description: String
    var variables: [Variable]
    let sections: [Section]

    /// All dashboards.
    package static let all = [overview, upstreams, policy, runtime, events]

    static let instance = Variable(name: "instance", label: "Instance", metric: "gateway_build_info")
    static let route = Variable(name: "route", label: "Route", metric: "gateway_http_requests_in_flight")
    static let hiddenRoute = Variable(
        name: "route",
        label: "Route",
        metric: "gateway_http_requests_in_flight",
        isHidden: true
    )
    static let upstream = Variable(name: "upstream", label: "Upstream", metric: "gateway_upstream_requests_total")

    /// All expressions of its panels, as they are written.
    package var expressions: [String] {
        self.sections.flatMap(\.panels).flatMap(\.queries).map(\.expression)
    }

    /// The file that Grafana imports.
    var json: JSONValue {
        [
            "uid": .string("gateway-\(self.name)"),
            "title": .string("Gateway / \(self.title)"),
            "description": .string(self.description),
            "tags": ["gateway"],
            "schemaVersion": 39,
            "version": 1,
            "editable": true,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": ["from": "now-1h", "to": "now"],
            "timepicker": [:],
            "timezone": "",
            "fiscalYearStartMonth": 0,
            "annotations": ["list": [self.reloads]],
            "links": [self.links],
            "templating": ["list": .array([Self.datasource] + self.variables.map(\.json))],
            "panels": .array(self.panels),
        ]
    }

    /// Marks reloads in the panels.
    private var reloads: JSONValue {
        [
            "name": "Reloads", "enable": true, "hide": false, "iconColor": "blue", "datasource": Panel.datasource,
            "expr": .string("changes(gateway_config_last_success_timestamp_seconds{\(PromQL.instances)}[1m]) > 0"),
            "step": "60s", "titleFormat": "Reload", "textFormat": "{{instance}}",
        ]
    }

    /// The other dashboards, with the same choices and the same time.
    private var links: JSONValue {
        [
            "type": "dashboards", "title": "Gateway", "tags": ["gateway"], "asDropdown": true, "icon": "external link",
            "includeVars": true, "keepTime": true, "targetBlank": false, "tooltip": "", "url": "",
        ]
    }

    private static let datasource: JSONValue = [
        "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "",
        "multi": false, "includeAll": false, "hide": 0, "refresh": 1, "options": [], "current": [:],
    ]

    /// Rows of 24 columns.
    private var panels: [JSONValue] {
        var panels: [JSONValue] = []
        var row = 0
        for section in self.sections {
            panels.append([
                "id": .integer(panels.count + 1), "type": "row", "title": .string(section.title), "collapsed": false,
                "gridPos": ["h": 1, "w": 24, "x": 0, "y": .integer(row)], "panels": [],
            ])
            row += 1
            var column = 0
            var height = 0
            for panel in section.panels {
                if column + panel.width > 24 { (row, column, height) = (row + height, 0, 0) }
                panels.append(panel.json(id: panels.count + 1, column: column, row: row))
                column += panel.width
                height = max(height, panel.height)
            }
            row += height
        }
        return panels
    }
}

extension Dashboard.Variable {
    fileprivate var json: JSONValue {
        let query = "label_values(\(self.metric), \(self.name))"
        return [
            "name": .string(self.name), "label": .string(self.label), "type": "query", "datasource": Panel.datasource,
            "definition": .string(query), "query": ["query": .string(query), "refId": "StandardVariableQuery"],
            "includeAll": true, "allValue": ".*", "multi": true, "hide": .integer(self.isHidden ? 2 : 0), "refresh": 2,
            "sort": 1, "regex": "", "options": [],
            "current": ["selected": true, "text": ["All"], "value": ["$__all"]],
        ]
    }
}
