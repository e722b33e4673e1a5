// Written by scripts/make-token-fixtures. Do not edit.

/// Tokens that other libraries made, in every algorithm.
enum ForeignTokens {
    static let secret = "sixty-four bytes of a secret that only the tests know, no more..."
    static let jwks =
        #"{"keys":[{"n":"rgjdqrA3TOYP1OFJF_0C1syctGGAfjA2r_DvSVWyQnUqGKNj_W-CJZoAF6tp4oFaRg6fdcTgzMgJUSaMYpnOXOwewShaHoYnIi63v-tG5oCdeGb1JbFvSOBx6_i32IwzjaVQaKk4EgX5LsADc9LX-w9Xk53OwK_tLZYdFFM4wew0_WZUsaMao1ncLy2SLmo2STdgNBAa-LWZyAJy6f2K3MxR763Rv5NCk40BlEV7gMb-kR3J-2wRexlbk79NZKJ_D4b5Z9zFF3hc75o3Ze5_IUiBpssCo0WSaQgEaKnZLRLjSeBmPHg-RdV0iCHyoDKvRI4yFw5jR_rD5mnY3ST0jQ","e":"AQAB","kid":"rsa","kty":"RSA"},{"crv":"P-256","x":"Wq-a1pBwqvVSBo5XSrepMnic_BXcch9WoCxM7Ffw7d4","y":"zKZkVmGpuzZZNSKNRMi9s_ea_UcAwLbP8AZfsJEurrY","kid":"p256","kty":"EC"},{"crv":"P-384","x":"YOuAGCeF3oEV_ZZRQM-hP10y9PF-aK_Jp3kJWMtn5sSMzk77_zNeagHo7ohwF3Uv","y":"i1piIDIeFrEhAioXca7uiKmBxYzOqFhpU39L1uU_uTWx7sfMAYXU8_9ff5OIMvHF","kid":"p384","kty":"EC"},{"crv":"P-521","x":"ANYaKJ3VCHuDeQjqYSvVgO59ZDEXRZo5vD25Fy0FxW2qIgTA9AUndajx-w4UK7XGiPVRBugipR1L-r2Hz325cDrI","y":"AHRzElRUmmTefy3awbF13Zn8M4wf1jy6m9lzL7CUMpfYKPO-UZXqkHnhuO6RtBRbCpIjbJ_1Zo0fQwaJRoje_ZCQ","kid":"p521","kty":"EC"},{"crv":"Ed25519","x":"5ngQogmEhLag6PNFAjnkU18Jyc59iELE6PTbhORYVjY","kid":"ed25519","kty":"OKP"}]}"#
    /// The public keys in PEM by `kid`.
    static let pems: [(name: String, text: String)] = [
        (
            "rsa",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArgjdqrA3TOYP1OFJF/0C\n1syctGGAfjA2r/DvSVWyQnUqGKNj/W+CJZoAF6tp4oFaRg6fdcTgzMgJUSaMYpnO\nXOwewShaHoYnIi63v+tG5oCdeGb1JbFvSOBx6/i32IwzjaVQaKk4EgX5LsADc9LX\n+w9Xk53OwK/tLZYdFFM4wew0/WZUsaMao1ncLy2SLmo2STdgNBAa+LWZyAJy6f2K\n3MxR763Rv5NCk40BlEV7gMb+kR3J+2wRexlbk79NZKJ/D4b5Z9zFF3hc75o3Ze5/\nIUiBpssCo0WSaQgEaKnZLRLjSeBmPHg+RdV0iCHyoDKvRI4yFw5jR/rD5mnY3ST0\njQIDAQAB\n-----END PUBLIC KEY-----"
        ),
        (
            "p256",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWq+a1pBwqvVSBo5XSrepMnic/BXc\nch9WoCxM7Ffw7d7MpmRWYam7Nlk1Io1EyL2z95r9RwDAts/wBl+wkS6utg==\n-----END PUBLIC KEY-----"
        ),
        (
            "p384",
            "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEYOuAGCeF3oEV/ZZRQM+hP10y9PF+aK/J\np3kJWMtn5sSMzk77/zNeagHo7ohwF3Uvi1piIDIeFrEhAioXca7uiKmBxYzOqFhp\nU39L1uU/uTWx7sfMAYXU8/9ff5OIMvHF\n-----END PUBLIC KEY-----"
        ),
        (
            "p521",
            "-----BEGIN PUBLIC KEY-----\nMIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA1hoondUIe4N5COphK9WA7n1kMRdF\nmjm8PbkXLQXFbaoiBMD0BSd1qPH7DhQrtcaI9VEG6CKlHUv6vYfPfblwOsgAdHMS\nVFSaZN5/LdrBsXXdmfwzjB/WPLqb2XMvsJQyl9go875RleqQeeG47pG0FFsKkiNs\nn/VmjR9DBolGiN79kJA=\n-----END PUBLIC KEY-----"
        ),
        (
            "ed25519",
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA5ngQogmEhLag6PNFAjnkU18Jyc59iELE6PTbhORYVjY=\n-----END PUBLIC KEY-----"
        ),
    ]
    static let all: [(maker: String, algorithm: String, token: String)] = [
        (
            "joserfc", "RS256",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.VJUTADRRIJIqDTbzQFm-omwhDeo1hgqDDNgDkn1qkSD1grDSUSijhOIzy7I2ITI1vK-0UFP8Eg7wWj1FVauuyigRRFCJy8a5lPisp48yezUw7oZr8bIzVNYN6T8Rfm9GGhSOJnI3HRnZyTDJ1lh8vah1CpNkEK2aF2TE5wQdwds9lN9vU6TfaIn_gp3W4f5uu59x4_EMEAO_GUFGm7M3SLN3FLtiVzYPfgwY0NLJxoqG1UxLpNb8M_awo_rSZJcy-dblG8zBwdOeA3fg30zDtXzxdMXtE6c9_J9VIShS73b2_BkbnVOO6ZBBVlVmtNXkrLhsaOPHyzqbnwLbCz7Q1A"
        ),
        (
            "PyJWT", "RS256",
            "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.SIUQqTS1bzLN3aQsetx1Qrn9ScIQTCgxnabKL-8bi0JeYVr4IF2bpZLH0p8iB9_YoRMNiJe88JL2-OUQ3YVHIHBTeFt_jlUbdIdkWQZwDc6S0fxUsGrJvWBTS_GrMVlpBWvaMo06RjJsfS3zJbpI64X_nOW1p3hfnVk784EdKRZI1-ssoVPheZGJFTKKFeISDaW7elX8G0dpeToOizg0dYn0QeFO-P__ma6c4k1SUUEx6OkfTBMjjAJ3XMS3hqNK5pQzgY9uUycZ9KuXZkit-SaCN2ZZcANt_zor4_bmjjNSdFig1XBMfebVoneotZvGJYuY_tzzIPns7vOs81XqMA"
        ),
        (
            "joserfc", "RS384",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.kiHNWshh6kaH_V1mZQgWdQySzdReo7-AzkaAPzYZ8wWnOewr_mBFuCDJzS1GI7ldxXPkStxmZuz1JoBvkJZ0-YKcVdmEjPDbv7ZL13yeLIriFpIEfJo1m81xOUmrtk3XFR1DovcIQr40pyG9_IQI34lSq6GPVAkHVxPgGB0wHb8LRbMcG0YO2SCTN6rWn9lBIBYD8PATEdp1M9cTU27aTyxUG_k2YrxLY54eUj94_p2_ZMUpGLKiHdeUc9AVhoUkBbWcl0OLr5wKnkAsTzLoO3vbIBLbIeK-hEHGhdXvGGuadqiu9tYShqmnSk-Js6fn4ueu0YHfUJi11FvPt7_zkQ"
        ),
        (
            "PyJWT", "RS384",
            "eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.ivQSdMufg9FvjFV8dkGEbM47ZGfmejkbF4yDxVl0FwPM5SFNcOfLrtwZKPNsmH7OtVamFO5vdzsfk6vVmTjrELTq-VMQZgFps_uzzZGHiqUK4p9d8knbDX7ilgX4MApj-yAVjPrKDlUFw5c-5JwxzpZpmrFC8D1POOCKw06qlKcbs5et7om27Ny2ngRxG8NHlsdX6DMYBBfLcgScwz0Bs5r8DKt45CmsXtNPch1psYGLx6XkY5XSr9iOTLVWQTVShCF79pnkaRCV5q1HHkMvj7pEeVcTxgplp0Bw30ahLgW93P5IHg90_okkFNigyfPLpROXri1iVsCjJ_Rrez4G_Q"
        ),
        (
            "joserfc", "RS512",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.Fo9xfZSa-E6jj0H0sW4fJRHem1Qk5nFScBdZ096I8WyhbnbiW7A6ffZWXCE90LR_9olbf_gE4LtL6keGT00VlCVH0JZE5_Af3XI7sDenaEQ-m6zzx2-Zw1I0iYMe9JoGCO-RQIvxQdxWLPoRX9DiPcluFMiXz60xeMFgg3iG8dburjlw6wGWS1kJKDGbLyarTXvhyIOOj6ebKIUdRpoLmAqh9-mfuwA2D3ZpSp40LZQpf-mot3WSbxicU2p2FlJVHBKoWZVDCrNkbL2LOzk2Y-5X2oSqZzBJCP4VLym4kUktYemERZNf8bUNzb0UrII3aMzJZXS5vjBey3wTTtCfug"
        ),
        (
            "PyJWT", "RS512",
            "eyJhbGciOiJSUzUxMiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.Xrx7y_KbnTHkKxalXR85bvHmVLydgKBgws37_UkkPdUIcT2vq5gC0GSWvUZ6GgS4rn3TFzrfspoUnAg10-0RA_TBfuYyAEISfjpWn4bm4N9-K8xXfY3K-3piupF36lg-FE1BAsGmq7pdF5t1PJsF72jyfMcD6RUYKcOK4jLMUgGWCmbwtmOUaD6vNVlJsFmzZR0b8f60N1B7kDpRxp__FATGK-38lMVoxyZfeqnhi4pRoYnaQIfS-2Ldbn8BHqkSabV_Y6BiNc_QzbF7irjJ3_YKmAg9IIu-nIxfKEEUTS-VAVeTEvCm3olSZEGR5sQTW8VjFgrv4UJXEieCn-Y-EQ"
        ),
        (
            "joserfc", "PS256",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.IeF-wPI4O3H_wkpF29SE2VnkapdiMMyrO2rnaOZBF9qZJ38t_LJLBXcUf8Mx7B97kybSqbe7shubYGe0XQIasjyBkFEsoyjhW3kJ2wZbaljwOJ0qFEAg1yNt6S2-nYeBzNuD1ZTYV9w-o5u6ZIOR1TECu-xgKM7qdJuBRgJZipL3ZSNMTe79Iy9__rSPPmSKRIzCepr5HiAOE0uaq48I8EpO87W-5GN2973A1mNnbshEW9uKI5CtnaP8MabyRVlU_Dn_Kjiuoi4qE33LwJAHb3lE1bJeBJpM473MC-EpMOvDzx8vCdaTiVyNq9qQdoA6UH9BqH6EtXCuJgRlMfO2Ag"
        ),
        (
            "PyJWT", "PS256",
            "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.d-M7Ts_SD0G90r9W4Cg0S2jXmKuTgOUy2eqM3DmzeC7dWGCtQyiGmmftmpuRXD36bbyKoNxi5sxo8solRXrnTwfQzIE4VIhCXoZkqhnlibvq4jIjSCEr5z6VMKQoaZu1mMXTuv11HfFzWboIj_ebEKtsAnbUhOIdJqnjq9nyfqE7Bd-4DQXKOE6JuwLreUhqjRw8sv3Cj5ilJeckirDAUEsf9Fn87Ng3RRe1ljugjiTzKrTP0o_dXCujrAcZWFYRMs7YGDF6JYnuYek1jb5godY5ui8mcfByJjt1XfQ8FqDRiHB36w77KvVoaj2F5lAn1PuH9O5OP6EIKpPs-DATDg"
        ),
        (
            "joserfc", "PS384",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJQUzM4NCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.TP5Bkezn8_qsuunOV9D2APCt4FR64PvwEZgFhv9-_xn-wsTlS4yXs5TgtHH1aPombkIAkubY5VP6EU6ncpF-9CorBvgYILqYmKNQraiREeDLz-PHEPbe2HQ1FRhIW8Ox7hdMoGgF03_tkBV2vQBpXU2R2e8traWSEja44dxHs0EENgB72FO_Uux3hWHtr9VSyV2oZpfp89zOL5Y-c1EGiDYZdEz7H-gqFPT7v62M7GRKCrXBWTZ9rC6lJBC22cglYmmc5voktiOga1rqPWlYlkZ2Gq2LLFmBA7l-ywnq3HwXlqwwUmFPDlmgttYQfYdP7wkYb1hhICqI28n9RmdDKw"
        ),
        (
            "PyJWT", "PS384",
            "eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.DEIauBbkh_qv27q3ugHGQOJEoMufPpo1ZyqodxwaQ2VWNnmXjU6rRmhg5wzzlV4hSpIkTzlghaJoXclkrxEUAoX3L6hNqUGarDFBrXhDpDSqsxB19NBk4L_DpeVpk0ZXKI5UjWj1xco9QRgieBdKzRmuTwa-xrCuUEkciEn6NnpFOpoDck9VHjqG3WQczhWJ5wqSzJQyJxk0mLfeurgZit_0fZJsgIbAchv-duQRPkZeIFG1LjYOfShIcon4PcpKY0DaiCVrH5NW8lXx5BmF941w9OGAJw41A5m0oH2ncjdJxxJKubUJJB4WaPz6YFQEug5OIfoPllPCq1NxpjV3Tw"
        ),
        (
            "joserfc", "PS512",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJQUzUxMiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.b2Vr-3mkjSJTdfVyU-B3vQ6roUi_gB-LhE-xYDQhc_XIpoEH7LenwWylFehGEGude1IAiHNvGs9Vdi5kEELdsLF0GctyQLsHefm1WSr8l5pAgW6D3cDH7SDKxxXs8Wioe72hcS4FlPw_A6ueki17WYH5VkOgPFjYjtuOIS_Q6HIaRd1EJv0b-iAM4Fla6qJt_Mhy5UtKGXNqUCv-zvCTfEXe98uPdnl1KIwCyxXanqh67TTVCcuSavzgJGnY_MSRfwVEywwDJfPncq9mN0GoWhybaEsb5onRTs3kN3Uf48Th0Plqztai00MNugVe_G8Kn-5lfso24-3qh5D6kDWfDA"
        ),
        (
            "PyJWT", "PS512",
            "eyJhbGciOiJQUzUxMiIsImtpZCI6InJzYSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.I-KR-YVnA3nX0XVnqrLRGTgfNTDlxT4678aY0nUeWwb0Mse-PSMlFqYJi4OqYORLzmYSocgWwkxg-_Hy750SYBx9RpfwTlF5_Z8jliGsQrIxnz66SGagObNWoxMmUhUXFlJLzAB_F_xUks-ika4_FOk_k77yhGP3gkm7BvFpw8ExzLgkEmM7XpuJTMC0y4T2Tp-r4NYyB2s1Hw9az6Bzm3MIYGEcdON7q5kFhAtXms019jZTW2QmitcRgjZg4F0NR_Wd4aAK41lCfpYoDnWI0ZY3tBVd9dTh8J9SVDtIozG_oZFLvRq3CwSSMSg3imTdh0E5D9z-SwKLOg_dyBg07A"
        ),
        (
            "joserfc", "ES256",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.jfwtFEie5YkNXVhofCATooZF4qrW7isUHXQTjV4-yBGLvsQl5js9cQv4j5HVQgRvGTXJfqluuae2nfnEiYIi3g"
        ),
        (
            "PyJWT", "ES256",
            "eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.pYPlzH3eYnML5VNFK6WpW7b6l4bvDA_XSNdMEyLfC9oUXR66yy0PkAE8GgQPevh-8-vR8QceFcRfwLGjaZey3Q"
        ),
        (
            "joserfc", "ES384",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.A6EK8Ob_7CfhJCCsCWadBFMQXUj6AYbLOnD9LgRvJlDLjj-3_KX_MgfqzYzqzsyDENx-1LHotAVZUJOsL1y__wTzFw1XA5LooIVD2MYbplsjJeQhecxGK1tNYIBo81hV"
        ),
        (
            "PyJWT", "ES384",
            "eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.7IGTZry0LDl4Je3TzJDPjwNNbZu1vU9HAmWFTXE8wOiaH4W2hAH0ieTmZT7dZosmuEjuTSMXrs-IcKsUaseQjS5TVCQUtWfU5Dxta0wmKRJSSvbbQziPZr5VqpCF5KP3"
        ),
        (
            "joserfc", "ES512",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.APlUhwpDlGzOnvqF7RMxzrV7hgHF48BdpIkOQHvWqmXBo8KDwKejZh8yQ6exg3xyjino-xp4n_vn-R4YoG0rfJoEAb6vWNSbtn2MhcRqjZE3g2QqgbCOuNW4WY-43X99KdViEFLQyc6rTNKfEWfqAiZo2nz3N7oW7-DzUROo9zfuAN-a"
        ),
        (
            "PyJWT", "ES512",
            "eyJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.ADbX9Z6Zs5gHUTgWlTh-_vndzUkFqE-qePrH6ToZ30SSFtFPuG9SRhx5vCZmpThRp_qKEFLEvTr4uM7pga2_jDHzAF3DFicvGbDnI8gQkfjaKi0jmsm-pt7fz8toHMszFp9U-M5z-lTqDqTWPgQMGDWkWr_TQ85xbRhxpVeNlq5sLlSy"
        ),
        (
            "joserfc", "EdDSA",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6ImVkMjU1MTkifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.v98V8fcIWyKHskBkInW6eKVi6ELCHhSgsI9tkvmKKiLZUR3ojH_myAiPQfjWqHyQlzIq5CkfYewyMfdmZ2luCg"
        ),
        (
            "PyJWT", "EdDSA",
            "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkMjU1MTkiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.fYtdRZBLb-wsIiQEvX74UnvIHo12MhIHImfnTivcW83uKIr2-gzPSXzlZGXO7rxYJGOWG6qirYEHsQPVrjsXBw"
        ),
        (
            "joserfc", "HS256",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.99qUXxHm4KQpXcpjKjEXzRdS-n6BSuCQkG2qMjxjPfw"
        ),
        (
            "PyJWT", "HS256",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.KHHVPM15pa3nNQENQ3b3eAN7rjCTX8zjR8KEFS0tHgs"
        ),
        (
            "joserfc", "HS384",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzM4NCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.aK5aOX7QYRKBt5Hut8qpgSq5sWjX45TI-XlbISoM5U8-8SMOBeOSNwwR43jnJRgH"
        ),
        (
            "PyJWT", "HS384",
            "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.ikERVkmnsxpKHxGYmo7jrVz2S4CMW-KG2lmPH0cuYSLEMQTaUJnzN4e9KeRvYbSm"
        ),
        (
            "joserfc", "HS512",
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.aTB3cqTIVcYdxcamo-WGRNncuwdUWiTqRVqugur_h_mC3O8cGp5yHkOCaX5qfMJ8q0N6MrOknm8NI6gKRJZomQ"
        ),
        (
            "PyJWT", "HS512",
            "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.-6OeQV-uc7_mXojU1s7xkpV9R0GX-FX7nfGYHT2Qo_fib6FQiiIncm27AbIwIYiOwNJrByoA0yh9iOur6fA2LA"
        ),
    ]
}
