# Varnish as a plain reverse proxy: nothing is cached, each request is forwarded to the upstream.
vcl 4.1;

backend origin {
    .host = "@UPSTREAM_HOST@";
    .port = "@UPSTREAM_PORT@";
}

sub vcl_recv {
    # Varnish appends the client to X-Forwarded-For. Every proxy in this comparison sends these two fields as well.
    set req.http.X-Forwarded-Proto = "http";
    set req.http.X-Forwarded-Host = req.http.Host;
    return (pass);
}

sub vcl_deliver {
    # No other peer adds them.
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    unset resp.http.Age;
}
