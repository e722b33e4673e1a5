import GatewayHTTP

extension ConfigurationValidator {
    /// Rejects upstreams with the name of a service that the gateway itself uses.
    mutating func services() {
        for name in configuration.services.keys.sorted() where configuration.upstreams[name] != nil {
            report(
                name: SettingPath("upstreams") + name,
                "the gateway itself uses an upstream of this name",
                "choose another name"
            )
        }
    }

    mutating func validate(_ forward: ForwardAuthConfiguration, at path: SettingPath) {
        if forward.url == .missing {
            reportLacking("url", in: path, "forward has no url", "add url = \"http://127.0.0.1:9000/auth\"")
        } else {
            // A URL from code has not been parsed.
            do {
                _ = try ServiceURL(setting: forward.url.settingValue)
            } catch {
                report(path + "url", forward.url.settingValue, error)
            }
        }
    }
}
