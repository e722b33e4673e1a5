/// What may be written in a table, found by encoding an instance with its defaults.
package enum SettingSchema {
    static func written(_ value: some Encodable) -> SettingValue { .table([:]) }
}
