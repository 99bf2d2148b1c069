package gateway

import (
	"slices"
	"strings"
)

// customization is what a template sets for one type of response. With a status of zero the standard status stays.
type customization struct {
	status  int
	headers map[string]string
	body    string
}

const standardBody = `{"message":$context.error.messageString}`

var customizationRules = rules{supported: []string{"StatusCode", "ResponseParameters", "ResponseTemplates"}}

func readCustomizations(declared mapping) map[responseType]customization {
	customizations := map[responseType]customization{}
	declared.each(func(name string, field node) {
		kind := responseType(name)
		if _, sent := standards[kind]; !sent && !slices.Contains(neverSent, kind) {
			field.fault("API Gateway has no such response")
		}
		customizations[kind] = readCustomization(field.supported(customizationRules))
	})
	return customizations
}

func readCustomization(declared mapping) customization {
	parameters := declared.get("ResponseParameters").supported(rules{supported: []string{"Headers"}})
	templates := declared.get("ResponseTemplates").supported(rules{supported: []string{contentTypeJSON}})
	custom := customization{
		status:  declared.get("StatusCode").numberOr(0, 400, 599),
		headers: map[string]string{},
		body:    readBodyTemplate(templates.get(contentTypeJSON)),
	}
	parameters.get("Headers").mapping().each(func(name string, value node) {
		custom.headers[name] = value.quoted()
	})
	return custom
}

func readBodyTemplate(template node) string {
	body := template.textOr(standardBody)
	if strings.Contains(contextVariable.ReplaceAllString(body, ""), "$") {
		template.fault("the laptop gateway supports only variables of $context")
	}
	return body
}

// quoted returns a fixed value, which is in single quotes. API Gateway also has mappings, which are a fault here.
func (n node) quoted() string {
	text := n.text()
	inner, opened := strings.CutPrefix(text, "'")
	inner, closed := strings.CutSuffix(inner, "'")
	if !opened || !closed {
		n.fault("the laptop gateway supports only fixed values in single quotes")
	}
	return inner
}
