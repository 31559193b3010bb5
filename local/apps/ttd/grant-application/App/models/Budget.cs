#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Budsjett for prosjektet det søkes om tilskudd til.</summary>
[XmlRoot(ElementName = "Budget")]
public class Budget
{
    [XmlElement("costs", Order = 1)]
    [JsonProperty("costs")]
    [JsonPropertyName("costs")]
    public List<CostsRow> Costs { get; set; } = [];

    [XmlElement("financing", Order = 2)]
    [JsonProperty("financing")]
    [JsonPropertyName("financing")]
    public Financing? Financing { get; set; }

    [XmlElement("totals", Order = 3)]
    [JsonProperty("totals")]
    [JsonPropertyName("totals")]
    public Totals? Totals { get; set; }
}

public class CostsRow
{
    [XmlAttribute("altinnRowId")]
    [JsonPropertyName("altinnRowId")]
    [System.Text.Json.Serialization.JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Newtonsoft.Json.JsonIgnore]
    public Guid AltinnRowId { get; set; }

    /// <summary>Type kostnad.</summary>
    [MaxLength(255)]
    [XmlElement("category", Order = 1)]
    [JsonProperty("category")]
    [JsonPropertyName("category")]
    public string? Category { get; set; }

    /// <summary>Beskrivelse.</summary>
    [MaxLength(255)]
    [XmlElement("description", Order = 2)]
    [JsonProperty("description")]
    [JsonPropertyName("description")]
    public string? Description { get; set; }

    /// <summary>Beløp.</summary>
    [XmlElement("amount", Order = 3)]
    [JsonProperty("amount")]
    [JsonPropertyName("amount")]
    [Required]
    public int? Amount { get; set; }
}

public class Financing
{
    /// <summary>Tilskudd dere søker om.</summary>
    [XmlElement("appliedAmount", Order = 1)]
    [JsonProperty("appliedAmount")]
    [JsonPropertyName("appliedAmount")]
    public int? AppliedAmount { get; set; }

    /// <summary>Egne midler.</summary>
    [XmlElement("ownFunds", Order = 2)]
    [JsonProperty("ownFunds")]
    [JsonPropertyName("ownFunds")]
    [Required]
    public int? OwnFunds { get; set; }

    /// <summary>Timer frivillig innsats.</summary>
    [XmlElement("volunteerHours", Order = 3)]
    [JsonProperty("volunteerHours")]
    [JsonPropertyName("volunteerHours")]
    public int? VolunteerHours { get; set; }

    /// <summary>Andre tilskudd.</summary>
    [XmlElement("otherGrants", Order = 4)]
    [JsonProperty("otherGrants")]
    [JsonPropertyName("otherGrants")]
    public int? OtherGrants { get; set; }

    /// <summary>Hvem gir de andre tilskuddene.</summary>
    [MaxLength(2000)]
    [XmlElement("otherGrantsFrom", Order = 5)]
    [JsonProperty("otherGrantsFrom")]
    [JsonPropertyName("otherGrantsFrom")]
    public string? OtherGrantsFrom { get; set; }
}

public class Totals
{
    /// <summary>Sum kostnader.</summary>
    [XmlElement("costs", Order = 1)]
    [JsonProperty("costs")]
    [JsonPropertyName("costs")]
    public int? Costs { get; set; }

    /// <summary>Sum finansiering.</summary>
    [XmlElement("financing", Order = 2)]
    [JsonProperty("financing")]
    [JsonPropertyName("financing")]
    public int? Financing { get; set; }
}
