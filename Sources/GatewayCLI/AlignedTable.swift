/// Formats rows with aligned columns, two spaces apart.
enum AlignedTable {
    /// Returns one line per row.
    ///
    /// - Parameter style: Applies colors to a cell. Escape codes do not count toward the column width.
    static func lines(_ rows: [[String]], style: (_ column: Int, _ cell: String) -> String = { $1 }) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                return style(column, cell) + String(repeating: " ", count: isLast ? 0 : widths[column] - cell.count + 2)
            }.joined()
        }
    }
}
