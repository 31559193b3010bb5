#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Søknad om tilskudd til frivillige organisasjoner.</summary>
[XmlRoot(ElementName = "Grant")]
public class Grant
{
    [XmlElement("organisation", Order = 1)]
    [JsonProperty("organisation")]
    [JsonPropertyName("organisation")]
    public Organisation? Organisation { get; set; }

    [XmlElement("contact", Order = 2)]
    [JsonProperty("contact")]
    [JsonPropertyName("contact")]
    public Contact? Contact { get; set; }

    [XmlElement("project", Order = 3)]
    [JsonProperty("project")]
    [JsonPropertyName("project")]
    public Project? Project { get; set; }

    [XmlElement("partners", Order = 4)]
    [JsonProperty("partners")]
    [JsonPropertyName("partners")]
    public List<PartnersRow> Partners { get; set; } = [];
}

public class Organisation
{
    /// <summary>Navn på organisasjonen.</summary>
    [MaxLength(255)]
    [XmlElement("name", Order = 1)]
    [JsonProperty("name")]
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    /// <summary>Type organisasjon.</summary>
    [MaxLength(255)]
    [XmlElement("organisationType", Order = 2)]
    [JsonProperty("organisationType")]
    [JsonPropertyName("organisationType")]
    public string? OrganisationType { get; set; }

    /// <summary>Antall betalende medlemmer ved siste årsskifte.</summary>
    [XmlElement("memberCount", Order = 3)]
    [JsonProperty("memberCount")]
    [JsonPropertyName("memberCount")]
    [Required]
    public int? MemberCount { get; set; }

    /// <summary>Kommune.</summary>
    [MaxLength(255)]
    [XmlElement("municipality", Order = 4)]
    [JsonProperty("municipality")]
    [JsonPropertyName("municipality")]
    public string? Municipality { get; set; }

    /// <summary>Har organisasjonen fått tilskudd fra ordningen tidligere.</summary>
    [MaxLength(255)]
    [XmlElement("hasEarlierGrant", Order = 5)]
    [JsonProperty("hasEarlierGrant")]
    [JsonPropertyName("hasEarlierGrant")]
    public string? HasEarlierGrant { get; set; }

    /// <summary>Saksnummer for det siste tilskuddet.</summary>
    [MaxLength(255)]
    [XmlElement("earlierReference", Order = 6)]
    [JsonProperty("earlierReference")]
    [JsonPropertyName("earlierReference")]
    public string? EarlierReference { get; set; }
}

public class Contact
{
    /// <summary>Navn.</summary>
    [MaxLength(255)]
    [XmlElement("name", Order = 1)]
    [JsonProperty("name")]
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    /// <summary>Rolle i organisasjonen.</summary>
    [MaxLength(255)]
    [XmlElement("role", Order = 2)]
    [JsonProperty("role")]
    [JsonPropertyName("role")]
    public string? Role { get; set; }

    /// <summary>E-postadresse.</summary>
    [MaxLength(255)]
    [XmlElement("email", Order = 3)]
    [JsonProperty("email")]
    [JsonPropertyName("email")]
    public string? Email { get; set; }

    /// <summary>Telefonnummer.</summary>
    [MaxLength(255)]
    [XmlElement("phone", Order = 4)]
    [JsonProperty("phone")]
    [JsonPropertyName("phone")]
    public string? Phone { get; set; }
}

public class Project
{
    /// <summary>Tittel på prosjektet.</summary>
    [MaxLength(255)]
    [XmlElement("title", Order = 1)]
    [JsonProperty("title")]
    [JsonPropertyName("title")]
    public string? Title { get; set; }

    /// <summary>Hva slags prosjekt er dette.</summary>
    [MaxLength(255)]
    [XmlElement("category", Order = 2)]
    [JsonProperty("category")]
    [JsonPropertyName("category")]
    public string? Category { get; set; }

    /// <summary>Beskriv prosjektet og hva dere vil oppnå.</summary>
    [MaxLength(2000)]
    [XmlElement("description", Order = 3)]
    [JsonProperty("description")]
    [JsonPropertyName("description")]
    public string? Description { get; set; }

    /// <summary>Målgrupper.</summary>
    [MaxLength(255)]
    [XmlElement("targetGroups", Order = 4)]
    [JsonProperty("targetGroups")]
    [JsonPropertyName("targetGroups")]
    public string? TargetGroups { get; set; }

    /// <summary>Oppstart.</summary>
    [XmlElement("startDate", Order = 5)]
    [JsonProperty("startDate")]
    [JsonPropertyName("startDate")]
    [Required]
    public DateTime? StartDate { get; set; }

    /// <summary>Avslutning.</summary>
    [XmlElement("endDate", Order = 6)]
    [JsonProperty("endDate")]
    [JsonPropertyName("endDate")]
    [Required]
    public DateTime? EndDate { get; set; }

    /// <summary>Beløpet dere søker om, i hele kroner.</summary>
    [XmlElement("amount", Order = 7)]
    [JsonProperty("amount")]
    [JsonPropertyName("amount")]
    [Required]
    public int? Amount { get; set; }
}

public class PartnersRow
{
    [XmlAttribute("altinnRowId")]
    [JsonPropertyName("altinnRowId")]
    [System.Text.Json.Serialization.JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Newtonsoft.Json.JsonIgnore]
    public Guid AltinnRowId { get; set; }

    /// <summary>Navn.</summary>
    [MaxLength(255)]
    [XmlElement("name", Order = 1)]
    [JsonProperty("name")]
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    /// <summary>Bidrag.</summary>
    [MaxLength(255)]
    [XmlElement("contribution", Order = 2)]
    [JsonProperty("contribution")]
    [JsonPropertyName("contribution")]
    public string? Contribution { get; set; }

    /// <summary>Anslått verdi i kroner.</summary>
    [XmlElement("value", Order = 3)]
    [JsonProperty("value")]
    [JsonPropertyName("value")]
    public int? Value { get; set; }
}
