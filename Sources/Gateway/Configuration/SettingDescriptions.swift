/// The doc comments of all settings, for `gateway schema`.
enum SettingDescriptions {
    /// The description of a field, where its property has a doc comment.
    static func text(of field: SettingTableSchema.Field, in table: SettingTableSchema) -> String? {
        all["\(table.typeName).\(field.property)"]
    }
}
