module example.com/huaweicloud/sms

go 1.26.0

require (
	github.com/davecgh/go-spew v1.1.1
	github.com/go-json-experiment/json v1.27.2
	github.com/go-resty/resty/v2 v2.17.2
	github.com/jarcoal/httpmock v1.4.2
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	go.yaml.in/yaml/v3 v3.0.6
	golang.org/x/crypto v0.58.0
)

require golang.org/x/net v0.62.0 // indirect
